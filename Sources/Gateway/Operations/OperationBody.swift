import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore

/// An operation and the store it belongs to, as a client sees it.
struct OperationBody: Sendable {
    let operation: UpstreamOperation
    let id: OperationID
    /// Nil where it belongs to a dataset with several stores and it is not known to which.
    let store: StoreName?

    var path: String { "/api/v1/operations/\(self.id.text)" }

    var json: JSONValue {
        .object([
            ("id", .string(self.id.text)),
            ("kind", .string(self.operation.kind.rawValue)),
            ("state", .string(self.state)),
            ("store", .text(self.store?.rawValue)),
            ("createdAt", .text(self.operation.createdAt)),
            ("finishedAt", .text(self.operation.finishedAt)),
            ("counts", self.counts),
            ("error", self.error),
            (
                "links",
                .object([
                    ("self", .string(self.path)),
                    ("events", .string("\(self.path)/events")),
                    ("cancellations", .string("\(self.path)/cancellations")),
                ])
            ),
        ])
    }

    /// The answer to a request that began it, or asked for its end: 202, with where to look again.
    var accepted: Response {
        Response(
            status: .accepted,
            headers: [
                .contentType: "application/json",
                .cacheControl: "no-store",
                .location: self.path,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: self.json.encoded()))
        )
    }

    private var state: String {
        switch self.operation.state {
        case .running: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }

    private var counts: JSONValue {
        guard let counts = self.operation.counts else { return .null }
        return .object([
            ("succeeded", .integer(counts.succeeded)),
            ("failed", .integer(counts.failed)),
            ("pending", .integer(counts.pending)),
        ])
    }

    private var error: JSONValue {
        guard case .failed(let code) = self.operation.state else { return .null }
        return .object([
            ("type", .string("urn:collimator:problem:\(code.rawValue)")),
            ("title", .string(code.title)),
            ("code", .string(code.rawValue)),
        ])
    }
}
