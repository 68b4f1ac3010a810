import AccessControl
import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird
import NIOCore

/// The policy as a whole, and its versions.
struct PolicyController: Sendable {
    let keeping: PolicyKeeping

    private static let root = "/api/v1/access"
    /// The longest policy that is read: 100,000 rules of some 300 bytes.
    private static let documentBytesMax = 32 * 1024 * 1024

    var endpoints: [Endpoint] {
        let policy = "\(Self.root)/policy"
        let versions = "\(Self.root)/policy-versions"
        return [
            Endpoint(.get, policy, .policyGet, handler: self.find),
            Endpoint(.put, policy, .policyUpdate, handler: self.replace),
            Endpoint(.get, versions, .policyGet, handler: self.versions),
            Endpoint(.get, "\(versions)/{version}", .policyGet, handler: self.version),
            Endpoint(.post, "\(versions)/{version}/restorations", .policyUpdate, handler: self.restore),
        ]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let (policy, number) = try await self.keeping.newest()
        return Self.answer(policy, number, to: request)
    }

    /// The policy as it was.
    @Sendable private func version(
        _ request: Request,
        context: CallerContext,
        target: PolicyVersionTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        return Self.answer(try await self.keeping.policy(target.number), target.number, to: request)
    }

    private static func answer(_ policy: AccessPolicy, _ number: Int, to request: Request) -> Response {
        taggedAnswer(
            Array(PolicyDocument.text(policy).utf8),
            [.contentType: "application/json", .vary: varyByCaller],
            tag: PolicyVersionTag.tag(number),
            to: request
        )
    }

    @Sendable private func replace(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let isTried = try Self.isDryRun(request)
        let match = try IfMatch(request)
        let document = try await AccessBody.document(
            request,
            bytesMax: Self.documentBytesMax,
            tooLarge: "The policy has more than 32 MiB."
        )
        let policy = try PolicyDocument.policy(document)
        let expected = PolicyVersionTag.expected(match, try await self.keeping.newest().number)
        let (difference, old) = try await self.keeping.difference(from: expected) { _ in policy }
        let number = isTried ? old : try await self.keeping.change(context, from: old) { _ in policy }
        var answer = unstoredJSONAnswer(Self.json(difference, version: number, isApplied: !isTried))
        answer.headers[.eTag] = PolicyVersionTag.tag(number).text
        return answer
    }

    @Sendable private func versions(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = try AccessPage(parsing: request.uri.query)
        let before = try page.after.map { text throws(CollimatorError) in
            guard let number = PolicyVersionTarget.number(text) else { throw AccessPage.foreignCursor }
            return number
        }
        let found = try await self.keeping.versions(before: before, limit: page.limit + 1)
        let shown = found.prefix(page.limit)
        let next = found.count > shown.count ? shown.last.map { Base64URL.encode(Array(String($0.number).utf8)) } : nil
        return jsonAnswer(
            .object([("items", .array(shown.map(Self.json))), ("nextCursor", .text(next))]),
            to: request
        )
    }

    @Sendable private func restore(
        _ request: Request,
        context: CallerContext,
        target: PolicyVersionTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        var expected: Int?
        if request.headers[.ifMatch] != nil {
            expected = PolicyVersionTag.expected(try IfMatch(request), try await self.keeping.newest().number)
        }
        let number = try await self.keeping.restore(target.number, from: expected, context)
        let body = JSONValue.object([("version", .integer(number)), ("restored", .integer(target.number))])
        return createdAnswer(body, at: "\(Self.root)/policy")
    }

    static func isDryRun(_ request: Request) throws(CollimatorError) -> Bool {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseUnknown(
            known: ["dryRun"],
            detail: "The request has an unknown parameter. Known is dryRun."
        )
        switch try parameters.single("dryRun") {
        case nil, "false": return false
        case "true": return true
        default:
            throw CollimatorError(
                .invalidInput,
                "dryRun is neither true nor false",
                publicDetail: "The parameter dryRun is true or false."
            )
        }
    }

    private static func json(_ difference: PolicyDifference, version: Int, isApplied: Bool) -> JSONValue {
        func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        return .object([
            ("version", .integer(version)),
            ("applied", .bool(isApplied)),
            ("added", texts(difference.added)),
            ("removed", texts(difference.removed)),
            ("changed", texts(difference.changed)),
            ("mayGain", texts(difference.mayGain.map(\.description).sorted())),
            ("mayLose", texts(difference.mayLose.map(\.description).sorted())),
        ])
    }

    private static func json(_ version: PolicyStore.Version) -> JSONValue {
        .object([
            ("version", .integer(version.number)),
            ("madeBy", .string(version.madeBy)),
            ("madeAt", APIKeyBody.time(version.madeAtMilliseconds)),
            ("restored", .number(version.restored)),
        ])
    }
}
