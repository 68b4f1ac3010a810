import AccessControl
import Catalog
import HTTPTypes
import NIOCore
import Synchronization

/// How requests that were answered out of memory before are answered again: what their targets name, and where that lies.
///
/// A target is kept as its text, so that it need not be read a second time. Nothing of a caller is kept, and no answer.
final class AnswersAtHand: Sendable {
    /// Gives the answer for the fields of a request and for so much of the study; nil where it does not lie in memory.
    typealias Find = @Sendable (_ fields: HTTPFields, _ part: StudyPart) -> QuickAnswer?

    /// What is known of a target.
    struct Known: Sendable {
        let endpoint: AuditedEndpoint
        /// The template of the route, as the router writes it.
        let route: String
        let resource: AccessResource
        let reach: AccessGate.Reach
        let find: Find
    }

    /// The most targets that are known; with more they are learnt anew.
    static let countMax = 4_096

    private let known = Mutex<[String: Known]>([:])

    subscript(target: String) -> Known? { self.known.withLock { $0[target] } }

    /// A target that is longer is not kept, in bytes: few are.
    static let targetBytesMax = 512

    /// Keeps what is known of a target, unless it is kept already.
    func remember(_ target: String, _ known: () -> Known?) {
        guard target.utf8.count <= Self.targetBytesMax, self[target] == nil, let known = known() else { return }
        self.known.withLock { targets in
            if targets.count >= Self.countMax { targets.removeAll(keepingCapacity: true) }
            targets[target] = known
        }
    }
}

/// An answer that lies in memory as a whole.
struct QuickAnswer: Sendable {
    var head: HTTPResponse
    /// Nil where it has none, as one that says that the client has it already.
    let body: ByteBuffer?
    /// Counts that it was given out.
    var count: @Sendable () -> Void = {}
}
