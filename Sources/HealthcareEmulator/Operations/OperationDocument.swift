internal import CollimatorCore
internal import Cryptography
internal import EmulatorStorage
internal import FoundationEssentials

/// A long-running operation as a client sees it (`google.longrunning.Operation`), without its name.
struct OperationDocument: Sendable {
    let method: String
    let createdAt: String
    var endedAt: String? = nil
    var isCancelRequested = false
    var successCount: Int64 = 0
    var failureCount: Int64 = 0
    var result: Result? = nil

    /// How it ended.
    enum Result: Sendable, Hashable {
        case response(JSONNode)
        case error(JSONNode)
    }

    static let emptyResponse: JSONNode = ["@type": "type.googleapis.com/google.protobuf.Empty"]

    init(method: String, createdAt: Date) {
        self.method = method
        self.createdAt = Timestamp.text(createdAt)
    }

    /// The members that are kept, `metadata` first.
    var body: JSONNode {
        var metadata: [JSONMember] = [
            JSONMember(
                name: "@type",
                value: "type.googleapis.com/google.cloud.healthcare.v1.OperationMetadata"
            ),
            JSONMember(name: "apiMethodName", value: .string(self.method)),
            JSONMember(name: "createTime", value: .string(self.createdAt)),
        ]
        if let endedAt { metadata.append(JSONMember(name: "endTime", value: .string(endedAt))) }
        if self.isCancelRequested { metadata.append(JSONMember(name: "cancelRequested", value: true)) }
        if let counter { metadata.append(JSONMember(name: "counter", value: counter)) }
        var members = [JSONMember(name: "metadata", value: .object(metadata))]
        switch self.result {
        case nil: break
        case .response(let response):
            members += [JSONMember(name: "done", value: true), JSONMember(name: "response", value: response)]
        case .error(let error):
            members += [JSONMember(name: "done", value: true), JSONMember(name: "error", value: error)]
        }
        return .object(members)
    }

    /// Counts of nothing are left out, as in all JSON of protocol buffers.
    private var counter: JSONNode? {
        var members: [JSONMember] = []
        if self.successCount > 0 {
            members.append(JSONMember(name: "success", value: .string(String(self.successCount))))
        }
        if self.failureCount > 0 {
            members.append(JSONMember(name: "failure", value: .string(String(self.failureCount))))
        }
        return members.isEmpty ? nil : .object(members)
    }

    /// Reads what `body` wrote, as far as a running operation needs it.
    init?(parsing text: [UInt8]) {
        guard let metadata = StrictJSON(parsing: text)?["metadata"], let method = metadata["apiMethodName"]?.text,
            let createdAt = metadata["createTime"]?.text
        else { return nil }
        self.method = method
        self.createdAt = createdAt
        self.isCancelRequested = metadata["cancelRequested"]?.boolean ?? false
    }

    /// The operation with its name in front.
    static func document(_ record: OperationRecord) -> JSONNode {
        let name = "\(record.dataset)/operations/\(record.id)"
        let body = StrictJSON(parsing: record.body).map { JSONNode($0) } ?? [:]
        // The members of a parsed text come in the order of their names; this is the order of the upstream.
        let order = ["metadata", "done", "error", "response"]
        let members = order.compactMap { name in body[name].map { JSONMember(name: name, value: $0) } }
        return .object([JSONMember(name: "name", value: .string(name))] + members)
    }
}
