import CollimatorCore
import Cryptography
import DICOMweb

/// Where a list goes on, in a form that a client passes back and cannot read meaning into.
///
/// It holds an offset and a check of the filters: a cursor of another search is refused, not silently misread.
struct ListCursor: Hashable, Sendable {
    let offset: Int

    /// The upstream goes no further than this.
    static let offsetMax = 1_000_000
    private static let version: UInt8 = 1
    private static let checkBytes = 6

    init(offset: Int) {
        self.offset = offset
    }

    /// Throws `invalid-input` for a text that is no cursor of this search.
    init(parsing text: String, of filters: [UpstreamSearch.Match]) throws(CollimatorError) {
        let bytes = Base64URL.decode(text) ?? []
        guard bytes.count == 1 + 4 + Self.checkBytes, bytes[0] == Self.version,
            Array(bytes[5...]) == Self.check(filters)
        else { throw Self.unusable }
        let offset = bytes[1...4].reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.offsetMax).contains(offset) else { throw Self.unusable }
        self.offset = offset
    }

    /// The text for the client.
    func text(of filters: [UpstreamSearch.Match]) -> String {
        let number = UInt32(clamping: self.offset)
        let offset = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
        return Base64URL.encode([Self.version] + offset + Self.check(filters))
    }

    private static func check(_ filters: [UpstreamSearch.Match]) -> [UInt8] {
        let text = filters.map { "\($0.tag.hex)=\($0.value)" }.joined(separator: "\n")
        return Array(SHA256.hash(text.utf8).prefix(Self.checkBytes))
    }

    private static var unusable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the cursor is not one of this search",
            publicDetail: "The cursor does not belong to this search. Begin again without one."
        )
    }
}
