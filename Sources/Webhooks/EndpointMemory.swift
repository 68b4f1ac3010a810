internal import AccessControl
internal import Catalog
internal import Synchronization

/// What is asked of endpoints for each event and each call, kept in memory until one of them is changed.
///
/// Secrets stand here as they are, as they would for each call, and nowhere else. Whoever writes an endpoint calls
/// ``forget()`` when that is on the disk; what somebody has read before is not kept then.
final class EndpointMemory: Sendable {
    /// What a call of an endpoint needs.
    struct Equipment: Sendable {
        let url: String
        let isActive: Bool
        let secret: WebhookSecret
        /// The one before, and until when it signs, too.
        let old: (secret: WebhookSecret, until: Int64)?
        let credentials: CallCredentials

        func secrets(now: Int64) -> [WebhookSecret] {
            [self.secret] + [self.old].compactMap { $0 }.filter { now < $0.until }.map(\.secret)
        }
    }

    /// What an endpoint asks for.
    struct Asked: Sendable {
        /// Of studies; nil for nothing.
        let condition: WholeStudyCondition?
        let policy: EventDataPolicy
    }

    private struct State {
        var version = 0
        var equipment: [String: Equipment] = [:]
        var asked: [String: Asked] = [:]
        var active: EventAudience?
    }

    private let state = Mutex(State())

    /// Endpoints whose equipment is kept, and of which it is known what they ask; with one more all is forgotten.
    private static let equipmentMax = 2_048

    /// What is read with this is kept where nothing was forgotten meanwhile.
    var version: Int { self.state.withLock { $0.version } }

    /// Those that are called; nil where it has to be read.
    var active: EventAudience? { self.state.withLock { $0.active } }

    func equipment(of id: String) -> Equipment? { self.state.withLock { $0.equipment[id] } }

    func asked(of id: String) -> Asked? { self.state.withLock { $0.asked[id] } }

    func keep(_ active: EventAudience, readAt version: Int) {
        self.state.withLock { state in
            if state.version == version { state.active = active }
        }
    }

    func keep(_ equipment: Equipment, of id: String, readAt version: Int) {
        self.state.withLock { state in
            guard state.version == version else { return }
            if state.equipment.count >= Self.equipmentMax { state.equipment = [:] }
            state.equipment[id] = equipment
        }
    }

    func keep(_ asked: Asked, of id: String, readAt version: Int) {
        self.state.withLock { state in
            guard state.version == version else { return }
            if state.asked.count >= Self.equipmentMax { state.asked = [:] }
            state.asked[id] = asked
        }
    }

    /// An endpoint was changed.
    func forget() {
        self.state.withLock { state in
            state.version += 1
            state.equipment = [:]
            state.asked = [:]
            state.active = nil
        }
    }
}
