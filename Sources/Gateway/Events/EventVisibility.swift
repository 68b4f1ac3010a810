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

    /// The event as the caller may see it, by all that is known of the caller and the study; nil where it is nothing to
    /// them.
    ///
    /// Who may see some series of a study is not told when the others change: events are for those who may see all of it.
    /// What was deleted is decided by what is kept of it. A change that took the study from the caller's view is told as
    /// that: who could see it as it was before, by the rules of now, learns that it is gone from their view.
    func form(of event: ChangeEvent, for caller: Caller) async throws -> ChangeEvent? {
        guard let gate, let store = event.store, let study = event.study else {
            return self.isVisible(event, to: caller.principal) ? event : nil
        }
        guard event.type != .accessEmergency else {
            return gate.judge.allows(caller, .auditRead, on: .service) ? event : nil
        }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        func could(see kept: DataSet) -> Bool {
            let facts = AccessFacts(kept, of: study)
            return gate.judge.judge(caller, .dicomWebRead, on: resource, facts: facts).judgement == .allowed(.whole)
        }
        switch event.type {
        case .studyRemoved:
            // A right that was given back meanwhile has taken nothing.
            guard event.subject == caller.principal.description, try await !self.sees(resource, caller, gate) else {
                return nil
            }
            return event
        case .studyDeleted: return could(see: event.attributes) ? event : nil
        case .studyCreated, .studyUpdated, .seriesStored, .studyStable, .operationFinished, .webhookDisabled,
            .accessEmergency:
            break
        }
        if try await self.sees(resource, caller, gate) { return event }
        // What was deleted meanwhile is told as that.
        guard let previous = event.previous, try await gate.studies.value(of: study, in: store) != nil,
            could(see: previous)
        else { return nil }
        return event.removal(for: caller.principal)
    }

    /// Whether the caller may see all of the study as it is now.
    func sees(_ resource: AccessResource, _ caller: Caller, _ gate: AccessGate) async throws -> Bool {
        do {
            return try await gate.admit(caller, .dicomWebRead, on: resource, .whole) == .whole
        } catch let error as CollimatorError where error.code == .notFound || error.code == .forbidden {
            return false
        }
    }

    /// Whether the principal may see the event, as rules are now, without memberships and without a look at the study.
    ///
    /// An event of a study is for those who may read the study; one that is of no store is for those who may see the
    /// operations of the service, and one that says who looked for those who may read the audit.
    func isVisible(_ event: ChangeEvent, to principal: Principal) -> Bool {
        guard event.type != .accessEmergency else {
            return self.authorizer.decide(principal, .auditRead, on: .service).isAllowed
        }
        guard let store = event.store else {
            return self.authorizer.decide(principal, .operationsList, on: .service).isAllowed
        }
        guard let study = event.study else {
            return self.authorizer.decide(principal, .operationsList, on: .store(store)).isAllowed
        }
        guard event.type != .studyRemoved else { return event.subject == principal.description }
        let resource = AccessResource.study(store, studyUID: study.rawValue)
        return self.authorizer.decide(principal, .dicomWebRead, on: resource).isAllowed
    }
}

extension AccessFacts {
    /// What rules can look at of a study that is only left in an event: that it had series of these modalities, and not
    /// which.
    init(_ kept: DataSet, of study: StudyUID) {
        self.init(StudyEntry(study: study, attributes: kept))
        let modalities = kept.strings(.modalitiesInStudy)
        if !modalities.isEmpty {
            self.series = modalities.map { AccessSeriesFacts(uid: "", modalities: [$0]) }
        }
    }
}
