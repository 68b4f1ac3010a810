import CollimatorCore
import DICOMweb
import Hummingbird

/// The query of a request, decoded and bounded, before anybody looks for names in it.
struct QueryParameters: Sendable {
    /// Names and values in the order they came.
    let items: [(name: String, value: String)]

    /// The most parameters that one query may have.
    static let itemsMax = 50

    /// Throws `invalid-input` for a broken percent-encoding, text that is no UTF-8, and too many parameters.
    init(parsing query: String?) throws(CollimatorError) {
        var items: [(name: String, value: String)] = []
        for pair in (query ?? "").split(separator: "&") {
            guard items.count < Self.itemsMax else {
                throw CollimatorError(
                    .invalidInput,
                    "the query has too many parameters",
                    publicDetail: "The query has more parameters than this service accepts."
                )
            }
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            items.append((try Self.decode(parts[0]), parts.count > 1 ? try Self.decode(parts[1]) : ""))
        }
        self.items = items
    }

    /// Parameters that came another way than in a query.
    init(items: [(name: String, value: String)]) {
        self.items = items
    }

    /// Throws `invalid-input` where a route that takes no parameters is given one.
    static func refuseAny(_ request: Request) throws(CollimatorError) {
        try QueryParameters(parsing: request.uri.query)
            .refuseUnknown(known: [], detail: "The request has an unknown parameter. None is known here.")
    }

    /// The values of a parameter that may occur several times, in their order.
    func values(_ name: String) -> [String] {
        self.items.filter { $0.name == name }.map(\.value)
    }

    /// The query that says the same, with one parameter set anew.
    func encoded(setting name: String, to value: String) -> String {
        let items = self.items.filter { $0.name != name } + [(name: name, value: value)]
        return items.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(
            separator: "&"
        )
    }

    /// The value of a parameter that may occur once.
    func single(_ name: String) throws(CollimatorError) -> String? {
        let values = self.items.filter { $0.name == name }
        guard values.count <= 1 else {
            throw CollimatorError(
                .invalidInput,
                "a parameter that may occur once occurs twice",
                publicDetail: "A parameter that may be given once is given more than once."
            )
        }
        return values.first?.value
    }

    /// A whole number in a range.
    func integer(_ name: String, in range: ClosedRange<Int>, fault: StaticString) throws(CollimatorError) -> Int? {
        guard let text = try self.single(name) else { return nil }
        guard text.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            range.contains(number)
        else {
            throw CollimatorError(.invalidInput, "a number in the query is out of range", publicDetail: fault)
        }
        return number
    }

    /// Throws where there is a parameter of another name; the detail tells the known ones.
    func refuseUnknown(known: Set<String>, detail: StaticString) throws(CollimatorError) {
        guard self.items.allSatisfy({ known.contains($0.name) }) else {
            throw CollimatorError(.invalidInput, "a parameter of the query is unknown", publicDetail: detail)
        }
    }

    /// Percent-decodes as HTML forms write (`+` is a space).
    static func decode(_ text: Substring) throws(CollimatorError) -> String {
        guard let decoded = PercentEncoding.decode(text, plusIsSpace: true), !decoded.unicodeScalars.contains("\0")
        else {
            throw Self.undecodable
        }
        return decoded
    }

    private static var undecodable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the query is not decodable",
            publicDetail: "The query is not percent-encoded UTF-8."
        )
    }
}
