package import AccessControl
package import Catalog
package import CollimatorCore
package import Identity
import FoundationEssentials

/// Who may do what and see what: the one thing that every request, list and count asks.
package protocol AccessJudge: Sendable {
    /// Decides on one thing.
    ///
    /// `facts` are of the study that the thing is or is in; nil for larger things, where the catalog does not know the
    /// study, and where ``asksFacts(_:_:in:)`` says that they do not matter.
    func judge(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts?
    ) -> AccessRuling

    /// Whether decisions in the store can depend on what is known of a study.
    func asksFacts(_ caller: Caller, _ permission: Permission, in store: StoreName) -> Bool

    /// What the caller may read of the store, for lists and totals.
    func visibility(for caller: Caller, of store: StoreName) -> StoreVisibility
}

/// What was decided, and why.
package struct AccessRuling: Hashable, Sendable {
    package let judgement: AccessJudgement
    package let grounds: AccessGrounds

    package init(_ judgement: AccessJudgement, _ grounds: AccessGrounds) {
        self.judgement = judgement
        self.grounds = grounds
    }
}

/// What was decided.
package enum AccessJudgement: Hashable, Sendable {
    /// It is allowed on so much of the study; on all, where it is about something larger than a study.
    case allowed(StudyPart)
    /// The caller may know that the thing exists.
    case forbidden
    /// The caller gets the answer that an unknown name gets.
    case hidden
}

extension AccessJudge {
    /// Whether it is allowed on the whole of something that is no study.
    func allows(_ caller: Caller, _ permission: Permission, on resource: AccessResource) -> Bool {
        self.judge(caller, permission, on: resource, facts: nil).judgement == .allowed(.whole)
    }

    /// What the caller may read of the stores.
    func visibility(for caller: Caller, of stores: [StoreName]) -> CatalogVisibility {
        CatalogVisibility(
            Dictionary(
                stores.map { ($0, self.visibility(for: caller, of: $0)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }
}

extension Authorizer: AccessJudge {
    /// By the policy in force.
    package func judge(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts?
    ) -> AccessRuling {
        let policy = self.policy
        let decision = policy.decide(AccessSubject(caller), permission, on: resource, facts: facts)
        let judgement: AccessJudgement =
            switch decision.outcome {
            case .allowed: .allowed(StudyPart(decision.extent))
            case .forbidden: .forbidden
            case .hidden: .hidden
            }
        return AccessRuling(judgement, decision.grounds(policyVersion: policy.version))
    }

    /// Not for those from whom nothing in the store can be kept.
    package func asksFacts(_ caller: Caller, _ permission: Permission, in store: StoreName) -> Bool {
        let policy = self.policy
        let subject = AccessSubject(caller)
        let asked: [Permission] = permission == .dicomWebRead ? [permission] : [permission, .dicomWebRead]
        return asked.contains { asked in
            let filter = policy.visibility(subject, asked, in: store)
            return !filter.allowsAll || !filter.denied.isEmpty
        }
    }

    /// As the policy in force gives it.
    package func visibility(for caller: Caller, of store: StoreName) -> StoreVisibility {
        self.policy.catalogVisibility(AccessSubject(caller), of: store)
    }
}

extension AccessSubject {
    /// The caller as somebody who asks now.
    package init(_ caller: Caller, clock: WallClock = .live) {
        self.init(
            caller.principal,
            memberships: caller.memberships,
            authenticationMethod: caller.method.rawValue,
            purposeOfUse: caller.purposeOfUse,
            timeSeconds: Int64(clock.now().timeIntervalSince1970.rounded(.down))
        )
    }
}
