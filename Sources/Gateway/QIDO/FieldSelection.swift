import CollimatorCore
import DICOMweb

/// The attributes that an answer has beside the required ones (PS3.18 §8.3.4.3): those that were matched and those that
/// were asked for.
struct FieldSelection: Sendable {
    /// Whether everything that is kept was asked for.
    private(set) var isAll = false
    /// Each way once, in the order of the query.
    private(set) var paths: [AttributePath] = []
    /// Whether a name was none that is known here.
    private(set) var hasUnknown = false

    /// The most names of one query.
    static let namesMax = 256

    /// Reads the values of `includefield`: `all`, or names with commas between, also repeated.
    ///
    /// - Throws: `invalid-input` for more names than are read.
    init(parsing values: [String]) throws(CollimatorError) {
        let names = values.flatMap { $0.split(separator: ",") }
        guard names.count <= Self.namesMax else {
            throw CollimatorError(
                .invalidInput,
                "more fields are asked for than are read",
                publicDetail: "The search asks for more than 256 fields. includefield=all gives everything."
            )
        }
        for name in names {
            if name == "all" {
                self.isAll = true
            } else if let path = AttributePath(parsing: name) {
                self.add(path)
            } else {
                self.hasUnknown = true
            }
        }
    }

    mutating func add(_ path: AttributePath) {
        if !self.paths.contains(path) { self.paths.append(path) }
    }

    /// Puts what was asked for and is there into a row, in place of what stood there.
    func copy(from attributes: DataSet, to row: inout DataSet) {
        for path in self.paths { Self.copy(path.tags[...], from: attributes, to: &row) }
    }

    /// Of a sequence with a way into it only the items' attributes on that way are taken.
    private static func copy(_ path: ArraySlice<Tag>, from attributes: DataSet, to row: inout DataSet) {
        guard let tag = path.first, let element = attributes[tag] else { return }
        guard path.count > 1, element.vr == .SQ else {
            row[tag] = element
            return
        }
        var items = row.items(tag)
        let isNew = items.isEmpty
        for (index, item) in element.items.enumerated() {
            if isNew { items.append(DataSet()) }
            guard index < items.count else { break }
            Self.copy(path.dropFirst(), from: item, to: &items[index])
        }
        row.set(tag, items: items)
    }
}
