internal import Cryptography

/// The part of a list that a call asks for (`pageSize`, `pageToken`).
struct Paging: Sendable {
    let pageSize: Int
    /// Where the last part ended.
    let after: String?

    static let parameters: Set<String> = ["pageSize", "pageToken"]
    static let pageSizeDefault = 100
    static let pageSizeMax = 1000

    init(_ query: QueryParameters) throws(GoogleError) {
        let size = try query.integer("pageSize", in: 0...Self.pageSizeMax) ?? 0
        self.pageSize = size == 0 ? Self.pageSizeDefault : size
        guard let token = try query.value("pageToken"), !token.isEmpty else {
            self.after = nil
            return
        }
        guard let bytes = Base64URL.decode(token), let text = String(validating: bytes, as: UTF8.self) else {
            throw GoogleError(.invalidArgument, "Invalid value for query parameter \"pageToken\".")
        }
        self.after = text
    }

    /// The member that leads to the next part, where there is one.
    static func nextPageToken(_ next: String?) -> [JSONMember] {
        guard let next else { return [] }
        return [JSONMember(name: "nextPageToken", value: .string(Base64URL.encode(Array(next.utf8))))]
    }
}
