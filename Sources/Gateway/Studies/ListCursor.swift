import Catalog
import CollimatorCore
import Cryptography

/// Where a list goes on, in a form that a client passes back and cannot read or change.
///
/// The position may hold a patient's name, and cursors stand in addresses: so it is sealed, and the search that it
/// belongs to is bound to it. A cursor of another search, or one that was changed, is refused and not misread. The key
/// comes from the administrator key: cursors outlive a restart, and a replica takes those of another.
struct ListCursor: Hashable, Sendable {
    let position: ListPosition

    /// The longest text of a cursor, in bytes.
    static let textBytesMax = 4_096
    /// The purpose of the seal's key.
    static let purpose = "list cursors"
    private static let version: UInt8 = 3
    private static let numberBytes = 8

    init(_ position: ListPosition) {
        self.position = position
    }

    /// Throws `invalid-input` for a text that is no cursor of this search.
    init(parsing text: String, of search: String, _ seal: DeterministicSeal) throws(CollimatorError) {
        guard text.utf8.count <= Self.textBytesMax, let sealed = Base64URL.decode(text),
            let bytes = seal.open(sealed, in: Array(search.utf8)), let position = Self.position(in: bytes)
        else { throw Self.unusable }
        self.position = position
    }

    /// The text for the client; `search` says what is searched, where and in which order.
    func text(of search: String, _ seal: DeterministicSeal) throws(CollimatorError) -> String {
        do {
            return Base64URL.encode(try seal.seal(self.bytes, in: Array(search.utf8)))
        } catch {
            throw CollimatorError(.internalError, "a cursor could not be sealed", cause: error)
        }
    }

    private var bytes: [UInt8] {
        let study = Self.bytes(of: self.position.study)
        return switch self.position.key {
        case .number(let number): [Self.version, 0] + study + Self.bytes(of: number)
        case .text(let text): [Self.version, 1] + study + Array(text.utf8)
        }
    }

    private static func position(in bytes: [UInt8]) -> ListPosition? {
        let head = 2 + Self.numberBytes
        guard bytes.count >= head, bytes[0] == Self.version else { return nil }
        let study = Self.number(in: bytes[2..<head])
        switch bytes[1] {
        case 0 where bytes.count == head + Self.numberBytes:
            return ListPosition(key: .number(Self.number(in: bytes[head...])), study: study)
        case 1:
            return ListPosition(key: .text(String(decoding: bytes[head...], as: UTF8.self)), study: study)
        default: return nil
        }
    }

    private static func bytes(of number: Int64) -> [UInt8] {
        (0..<Self.numberBytes).reversed().map { UInt8(truncatingIfNeeded: number >> Int64($0 * 8)) }
    }

    private static func number(in bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }

    private static var unusable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the cursor is not one of this search",
            publicDetail: "The cursor does not belong to this search. Begin again without one."
        )
    }
}
