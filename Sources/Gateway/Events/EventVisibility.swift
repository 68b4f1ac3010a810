import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Identity

/// Who may see which event: the one place that decides it, for lists, streams and deliveries.
struct EventVisibility: Sendable {
    let authorizer: Authorizer
    /// What is known of studies; without it only rights that look at nothing count.
    var gate: AccessGate?

    /// Whether the caller may see the event, by all that is known of the caller and the study.
    ///
    /// Who may see some series of a study is not told when the others change: events are for those who may see all of it.
    func isVisible(_ event: ChangeEvent, to caller: Caller) async throws -> Bool {
        guard let gate, let store = event.store, let study = event.study else {
            return self.isVisible(event, to: caller.principal)
        }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        do {
            return try await gate.admit(caller, .dicomWebRead, on: resource, .whole) == .whole
        } catch let error as CollimatorError where error.code == .notFound || error.code == .forbidden {
            return false
        }
    }

    /// Whether the principal may see the event, as rules are now, without memberships and without a look at the study.
    ///
    /// An event of a study is for those who may read the study; one that is of no store is for those who may see the
    /// operations of the service.
    func isVisible(_ event: ChangeEvent, to principal: Principal) -> Bool {
        guard let store = event.store else {
            return self.authorizer.decide(principal, .operationsList, on: .service).isAllowed
        }
        guard let study = event.study else {
            return self.authorizer.decide(principal, .operationsList, on: .store(store)).isAllowed
        }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        return self.authorizer.decide(principal, .dicomWebRead, on: resource).isAllowed
    }
}
