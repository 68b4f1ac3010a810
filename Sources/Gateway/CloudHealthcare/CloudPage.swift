import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird

/// A page of a list that we put together, with a token of our own: the upstream's would name what is not shown.
struct CloudPage: Sendable {
    let size: Int
    /// The name after which the page begins.
    let after: String?

    static let sizeStandard = 100
    static let sizeMax = 1_000

    init(_ parameters: QueryParameters) throws(CollimatorError) {
        let size = try parameters.integer(
            "pageSize",
            in: 0...999_999_999,
            fault: "The pageSize is a whole number."
        )
        self.size = size.map { $0 == 0 ? Self.sizeStandard : min($0, Self.sizeMax) } ?? Self.sizeStandard
        guard let token = try parameters.single("pageToken"), !token.isEmpty else {
            self.after = nil
            return
        }
        guard let bytes = Base64URL.decode(token), let after = String(validating: bytes, as: UTF8.self) else {
            throw CollimatorError(
                .invalidInput,
                "the page token is none of ours",
                publicDetail: "The pageToken does not belong to this list."
            )
        }
        self.after = after
    }

    /// The answer: the page's items in the order of their names, and the token where there are more.
    func answer(listing items: [StrictJSON], as member: String, to request: Request) -> Response {
        let sorted = items.map { (name: $0["name"]?.text ?? "", item: $0) }.sorted { $0.name < $1.name }
        let rest = sorted.drop { entry in self.after.map { entry.name <= $0 } ?? false }
        let page = rest.prefix(self.size)
        var members: [(String, JSONValue)] = []
        if !page.isEmpty { members.append((member, .array(page.map { JSONValue($0.item) }))) }
        if page.count < rest.count, let last = page.last {
            members.append(("nextPageToken", .string(Base64URL.encode(Array(last.name.utf8)))))
        }
        return taggedAnswer(
            JSONValue.object(members).encoded(),
            [.contentType: "application/json; charset=UTF-8", .vary: varyByCaller],
            to: request
        )
    }
}

extension JSONValue {
    /// JSON that was read, to be written again; members come in the order of their names.
    fileprivate init(_ json: StrictJSON) {
        self =
            switch json {
            case .null: .null
            case .boolean(let value): .bool(value)
            case .integer(let value): .integer(Int(value))
            // No resource that is listed has such a number; as text it is not lost.
            case .real(let value): .string(String(value))
            case .string(let value): .string(value)
            case .array(let elements): .array(elements.map { JSONValue($0) })
            case .object(let members): .object(members.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })
            }
    }
}
