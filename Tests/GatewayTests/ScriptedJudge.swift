import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Identity
import Synchronization
import Testing

@testable import Gateway

/// Lets the caller read some of the store `radiology`, and nothing else, until it is told otherwise.
final class ScriptedJudge: AccessJudge {
    private let state: Mutex<[String: StudyPart]>

    /// How much may be read of which study.
    init(_ rights: [String: StudyPart]) {
        self.state = Mutex(rights)
    }

    /// Takes every right away.
    func revoke() { self.state.withLock { $0 = [:] } }

    func judge(
        _ caller: Caller,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts?
    ) -> AccessRuling {
        let judgement = self.judgement(permission, on: resource)
        if case .allowed = judgement { return AccessRuling(judgement, AccessGrounds(.allowedByRule)) }
        return AccessRuling(judgement, AccessGrounds(.nothingGranted))
    }

    private func judgement(_ permission: Permission, on resource: AccessResource) -> AccessJudgement {
        if resource.level == .service { return .forbidden }
        guard permission == .dicomWebRead, resource.store?.rawValue == "radiology", let study = resource.study,
            let part = self.state.withLock({ $0[study] })
        else { return .hidden }
        return .allowed(part)
    }

    func asksFacts(_ caller: Caller, _ permission: Permission, in store: StoreName) -> Bool { true }

    func visibility(for caller: Caller, of store: StoreName) -> StoreVisibility {
        guard store.rawValue == "radiology" else { return .nothing }
        return StoreVisibility(allowed: StudySelection(studies: NamedStudies(self.state.withLock { $0 })))
    }
}

extension GatewayUnderTest {
    /// The gateway of ``QIDOTests`` for a caller with these rights.
    ///
    /// It has Smith's `1.2.1` with the series `1.2.1.1` (CT) and `1.2.1.2` (SR), Jones' `1.2.2` with `1.2.2.1`, and
    /// Yamada's `1.2.3`.
    static func judged(
        by judge: ScriptedJudge,
        _ upstream: ScriptedUpstream = ScriptedUpstream()
    ) async throws -> GatewayUnderTest {
        var gateway = try await QIDOTests.gateway(upstream)
        gateway.parts.judge = judge
        return gateway
    }

    /// One series of Smith's study.
    static func ofOneSeries() throws -> ScriptedJudge {
        ScriptedJudge(["1.2.1": .series([try #require(SeriesUID("1.2.1.1"))])])
    }
}
