import AccessControl
import Audit
import DICOMweb
import Synchronization

/// What a request did to studies that its path does not name: those that an upload stored in, or was kept from.
final class TouchedStudies: Sendable {
    private let touches = Mutex<[StudyUID: Touch]>([:])

    /// What was done to one study.
    struct Touch: Hashable, Sendable {
        let study: StudyUID
        let outcome: AuditRecord.Outcome
        /// Why, where that is not what decided on the request as a whole.
        var grounds: AccessGrounds?
    }

    /// Something was stored in the study, or was there already.
    func stored(_ study: StudyUID) { self.note(study, .success) }

    /// The caller may not change the study.
    func refused(_ study: StudyUID, _ grounds: AccessGrounds) { self.note(study, .refused, grounds) }

    /// Of one study the success is kept, and what was refused where nothing succeeded.
    private func note(_ study: StudyUID, _ outcome: AuditRecord.Outcome, _ grounds: AccessGrounds? = nil) {
        self.touches.withLock { touches in
            guard touches[study]?.outcome != .success || outcome == .success else { return }
            touches[study] = Touch(study: study, outcome: outcome, grounds: grounds)
        }
    }

    /// All that was noted, in the order of the UIDs.
    var studies: [Touch] {
        self.touches.withLock { $0.values.sorted { $0.study < $1.study } }
    }
}
