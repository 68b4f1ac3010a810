import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Identity

/// What the endpoint table needs to decide on a request before its handler runs.
struct AccessGate: Sendable {
    let stores: StoreDirectory
    let judge: any AccessJudge
    /// Where requests are written down.
    let audit: AuditTrail
    /// What decisions on single studies depend on.
    let studies: StudyMemory<AccessFacts>
    /// What ends long answers of callers who may not call any more.
    var standing = StandingWatch { _ in true }
    /// What is being added to just now.
    let underWay = StudiesUnderWay()

    /// What is answered without the way through the server.
    let answersAtHand = AnswersAtHand()

    /// How many studies are remembered; a study takes some kilobytes.
    static let studiesMax = 4_096

    /// How much of its target a handler answers for.
    enum Reach: Hashable, Sendable {
        /// All of it: who may less is refused.
        case whole
        /// What the caller may see of a study: the handler leaves out the rest.
        case permitted
        /// A list of what the caller may see, which may be nothing: the handler filters. A store of which nothing at all
        /// can be seen is unknown.
        case listed
        /// All of it, to which something is added: who adds to a study that is there must be allowed to read it.
        case adding
    }

    /// What was decided on a request, and why: what is answered and what is written down come from one decision.
    struct Admission: Sendable {
        /// How much of the target's study is permitted, or what the caller is told: `not-found`, the same for a thing that
        /// is not there and one that the caller may not know of, else `forbidden`.
        let answer: Result<StudyPart, CollimatorError>
        let grounds: AccessGrounds

        static func hidden(_ grounds: AccessGrounds) -> Admission {
            Admission(answer: .failure(AccessGate.hidden), grounds: grounds)
        }

        /// The same, or a refusal where a part is permitted and the handler answers for all.
        fileprivate func within(_ reach: Reach) -> Admission {
            guard case .success(let part) = self.answer, part != .whole, ![.permitted, .listed].contains(reach) else {
                return self
            }
            let error = CollimatorError(.forbidden, "some series are allowed and not all of the study")
            return Admission(answer: .failure(error), grounds: self.grounds.changed(to: .onlyPartAllowed))
        }
    }

    /// Gives how much of the target's study is permitted.
    ///
    /// - Throws: `not-found`, the same for a thing that is not there and one that the caller may not know of, else
    ///   `forbidden`.
    func admit(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        _ reach: Reach
    ) async throws -> StudyPart {
        try await self.decide(caller, permission, on: resource, reach).answer.get()
    }

    /// Decides once; whoever writes it down writes down this.
    ///
    /// - Throws: what kept it from being decided, which is a refusal.
    func decide(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        _ reach: Reach
    ) async throws -> Admission {
        if reach == .listed, resource.level <= .store, let grounds = self.listing(caller, permission, of: resource) {
            return Admission(answer: .success(.whole), grounds: grounds)
        }
        let admission = try await self.part(of: resource, for: caller, permission)
        guard case .success = admission.answer else { return admission }
        if reach == .adding, let refusal = try await self.refusalOfAdding(to: resource, caller) { return refusal }
        return admission.within(reach)
    }

    /// Decides where everything that the decision depends on lies in memory; nil where it does not.
    func decideAtHand(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        _ reach: Reach
    ) -> Admission? {
        guard reach == .whole || reach == .permitted else { return nil }
        guard let asked = self.studyAsked(of: resource, for: caller, permission) else {
            return self.part(of: resource, for: caller, permission, facts: nil).within(reach)
        }
        guard let facts = self.studies.remembered(of: asked.study, in: asked.store) else { return nil }
        return self.part(of: resource, for: caller, permission, facts: .some(facts)).within(reach)
    }

    /// Why a list of what is in a store, or in all, is answered; nil where nothing in the store can be seen.
    private func listing(_ caller: Caller, _ permission: Permission, of resource: AccessResource) -> AccessGrounds? {
        if let store = resource.store, self.judge.visibility(for: caller, of: store).isNothing { return nil }
        let ruling = self.judge.judge(caller, permission, on: resource, facts: nil)
        if case .allowed = ruling.judgement { return ruling.grounds }
        return ruling.grounds.changed(to: .listIsFiltered)
    }

    /// What is permitted of the resource's study; of a series or an instance, all or nothing.
    private func part(
        of resource: AccessResource,
        for caller: Caller,
        _ permission: Permission
    ) async throws -> Admission {
        guard let asked = self.studyAsked(of: resource, for: caller, permission) else {
            return self.part(of: resource, for: caller, permission, facts: nil)
        }
        let facts = try await self.studies.value(of: asked.study, in: asked.store)
        return self.part(of: resource, for: caller, permission, facts: .some(facts))
    }

    /// The study whose facts the decision depends on; nil where it depends on none.
    private func studyAsked(
        of resource: AccessResource,
        for caller: Caller,
        _ permission: Permission
    ) -> (study: StudyUID, store: StoreName)? {
        guard let store = resource.store, let text = resource.study, let study = StudyUID(text),
            self.judge.asksFacts(caller, permission, in: store)
        else { return nil }
        return (study, store)
    }

    /// The same with the facts at hand: nil where the decision depends on none, and nothing in it where nothing is known of
    /// the study.
    private func part(
        of resource: AccessResource,
        for caller: Caller,
        _ permission: Permission,
        facts asked: AccessFacts??
    ) -> Admission {
        let facts = asked ?? nil
        // What is said to be in a study has to be: a right on one study is none on the series of another.
        let isKnownWithin =
            if asked != nil, let series = resource.series {
                facts?.series?.contains { $0.uid == series } ?? false
            } else {
                true
            }
        let ruling = self.judge.judge(caller, permission, on: resource, facts: facts)
        let grounds = ruling.grounds
        switch ruling.judgement {
        case .hidden, .allowed(.nothing): return .hidden(grounds)
        case .forbidden:
            return Admission(answer: .failure(CollimatorError(.forbidden, "no rule allows this")), grounds: grounds)
        case .allowed(let part):
            guard isKnownWithin else { return .hidden(grounds.changed(to: .outsideStudy)) }
            guard let series = resource.series, case .series(let permitted) = part else {
                return Admission(answer: .success(part), grounds: grounds)
            }
            guard permitted.contains(where: { $0.rawValue == series }) else {
                return .hidden(grounds.changed(to: .nothingGranted))
            }
            return Admission(answer: .success(.whole), grounds: grounds)
        }
    }

    /// Who adds to a study must be allowed to read what others have stored in it.
    private func refusalOfAdding(to resource: AccessResource, _ caller: Caller) async throws -> Admission? {
        guard let store = resource.store, let text = resource.study, let study = StudyUID(text),
            self.judge.asksFacts(caller, .dicomWebRead, in: store),
            let facts = try await self.factsOrNone(of: study, in: store)
        else { return nil }
        let own: Set<Principal> = [caller.principal]
        let others = facts.series.map { Set($0.filter { $0.uploaders != own }.compactMap { SeriesUID($0.uid) }) }
        if others?.isEmpty == true { return nil }
        let resource = AccessResource.study(store, studyUID: text)
        let ruling = self.judge.judge(caller, .dicomWebRead, on: resource, facts: facts)
        if case .allowed(let part) = ruling.judgement {
            if part == .whole { return nil }
            if let others, case .series(let readable) = part, others.isSubset(of: readable) { return nil }
        }
        let error = CollimatorError(.forbidden, "adding to a study of others that the caller may not read")
        return Admission(answer: .failure(error), grounds: ruling.grounds.changed(to: .studyOfOthers))
    }

    /// What is known of the study; nil where the store itself, asked for it, does not have it.
    private func factsOrNone(of study: StudyUID, in store: StoreName) async throws -> AccessFacts? {
        if let facts = try await self.studies.value(of: study, in: store) { return facts }
        guard try await self.audit.catalog.study(study, in: store) != nil else { return nil }
        // It is there: where nothing is known of it even so, it holds somebody's series.
        return try await self.studies.value(of: study, in: store) ?? AccessFacts()
    }

    static var hidden: CollimatorError {
        CollimatorError(.notFound, "no rule allows this, nor to know of it")
    }
}

extension AccessResource {
    /// The UID of the study that it is or is in.
    var study: String? {
        switch self {
        case .service, .store: nil
        case .study(_, let study), .series(_, let study, _), .instance(_, let study, _, _): study
        }
    }

    /// The UID of the series that it is or is in.
    var series: String? {
        switch self {
        case .service, .store, .study: nil
        case .series(_, _, let series), .instance(_, _, let series, _): series
        }
    }
}
