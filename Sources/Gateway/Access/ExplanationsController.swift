import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import FoundationEssentials
import Hummingbird
import Identity

/// Why somebody may do something, or may not: the decision that a request of theirs would meet now.
struct ExplanationsController: Sendable {
    let authorizer: Authorizer
    let stores: StoreDirectory
    let principals: PrincipalRegister
    let studies: StudyMemory<AccessFacts>
    var clock = WallClock.live

    var endpoints: [Endpoint] {
        [Endpoint(.post, "/api/v1/access/explanations", .policyGet, handler: self.explain)]
    }

    @Sendable private func explain(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let body = try await AccessBody.read(
            request,
            known: ["principal", "permission", "store", "study", "purposeOfUse"],
            detail: "The body is an object with principal and permission, and possibly store, study and purposeOfUse."
        )
        let who: StaticString = "The principal is such as client:portal or user:{issuer}/{subject}."
        guard let principal = try body.text("principal", fault: who).flatMap({ Principal($0) }) else {
            throw CollimatorError(.invalidInput, "an explanation for nobody", publicDetail: who)
        }
        let what: StaticString = "The permission is one that there is, such as healthcare.dicomStores.dicomWebRead."
        let name = try body.text("permission", fault: what)
        guard let permission = PermissionTable.rows.first(where: { $0.permission.rawValue == name })?.permission else {
            throw CollimatorError(.invalidInput, "an explanation of no permission", publicDetail: what)
        }
        let resource = try self.resource(body)
        var facts: AccessFacts?
        if case .study(let store, let text) = resource, let study = StudyUID(text) {
            facts = try await self.studies.value(of: study, in: store)
        }
        let subject = AccessSubject(
            principal,
            memberships: self.principals.find(principal)?.memberships ?? [],
            purposeOfUse: try body.text("purposeOfUse", fault: "The purpose of use is a text."),
            timeSeconds: Int64(self.clock.now().timeIntervalSince1970.rounded(.down))
        )
        let policy = self.authorizer.policy
        let decision = policy.decide(subject, permission, on: resource, facts: facts)
        return unstoredJSONAnswer(Self.json(decision, version: policy.version))
    }

    private func resource(_ body: AccessBody) throws -> AccessResource {
        let whichStore: StaticString = "The store is one that is configured."
        let whichStudy: StaticString = "The study is a DICOM UID, and goes with a store."
        let store = try body.text("store", fault: whichStore)
        let study = try body.text("study", fault: whichStudy)
        guard let store else {
            guard study == nil else {
                throw CollimatorError(.invalidInput, "a study without a store", publicDetail: whichStudy)
            }
            return .service
        }
        guard let name = StoreName(store), self.stores[name] != nil else {
            throw CollimatorError(.invalidInput, "an explanation for no store", publicDetail: whichStore)
        }
        guard let study else { return .store(name) }
        guard let uid = StudyUID(study) else {
            throw CollimatorError(.invalidInput, "an explanation for no study", publicDetail: whichStudy)
        }
        return .study(name, studyUID: uid.rawValue)
    }

    private static func json(_ decision: AccessDecision, version: Int) -> JSONValue {
        let (extent, series): (String, JSONValue) =
            switch decision.extent {
            case .nothing: ("nothing", .null)
            case .whole: ("whole", .null)
            case .series(let series): ("series", .array(series.sorted().map { .string($0) }))
            }
        return .object([
            ("outcome", .string(decision.outcome.rawValue)),
            ("reason", .string(decision.reason.rawValue)),
            ("rule", .text(decision.ruleID)),
            ("extent", .string(extent)),
            ("series", series),
            ("policyVersion", .integer(version)),
        ])
    }
}
