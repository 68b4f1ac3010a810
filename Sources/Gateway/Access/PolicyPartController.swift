import AccessControl
import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird

/// One kind of parts of the policy, each of which is read and changed by itself; every change is a version of the policy.
struct PolicyPartController<Part: PolicyPart>: Sendable {
    let keeping: PolicyKeeping

    var endpoints: [Endpoint] {
        let one = "\(Part.root)/{\(Part.parameter)}"
        return [
            Endpoint(.get, Part.root, .policyGet, handler: self.list),
            Endpoint(.get, one, .policyGet, handler: self.find),
            Endpoint(.put, one, .policyUpdate, handler: self.replace),
            Endpoint(.delete, one, .policyUpdate, handler: self.remove),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = try AccessPage(parsing: request.uri.query)
        return page.answer(
            Part.all(in: try await self.keeping.newest().policy).sorted { $0.name < $1.name },
            id: \.name,
            body: \.body,
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: PolicyPartTarget<Part>
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let all = Part.all(in: try await self.keeping.newest().policy)
        guard let part = all.first(where: { $0.name == target.name }) else { throw Part.absent }
        return jsonAnswer(part.body, to: request)
    }

    /// Makes a part that has a name of its own.
    @Sendable func create(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let part = try Self.part(try await Self.document(request))
        _ = try await self.keeping.change(context) { policy in
            guard !policy[keyPath: Part.list].contains(where: { $0.name == part.name }) else {
                throw CollimatorError(
                    .conflict,
                    "a part of the policy has this name",
                    publicDetail: "The name is taken. Replace what has it, or take another."
                )
            }
            var policy = policy
            policy[keyPath: Part.list].append(part)
            return policy
        }
        var answer = createdAnswer(part.body, at: "\(Part.root)/\(part.name)")
        answer.headers[.eTag] = part.tag.text
        return answer
    }

    @Sendable private func replace(
        _ request: Request,
        context: CallerContext,
        target: PolicyPartTarget<Part>
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let match = try IfMatch(request)
        let part = try Self.part(try await Self.document(request, named: target.name))
        _ = try await self.keeping.change(context) { policy in
            var policy = policy
            let index = policy[keyPath: Part.list].firstIndex { $0.name == part.name }
            try match.check(index.map { policy[keyPath: Part.list][$0].tag })
            if let index {
                policy[keyPath: Part.list][index] = part
            } else {
                policy[keyPath: Part.list].append(part)
            }
            return policy
        }
        var answer = unstoredJSONAnswer(part.body)
        answer.headers[.eTag] = part.tag.text
        return answer
    }

    /// What another part needs stays, such as a group that a rule names: that would be a fault of the policy.
    @Sendable private func remove(
        _ request: Request,
        context: CallerContext,
        target: PolicyPartTarget<Part>
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let match = try IfMatch(request)
        _ = try await self.keeping.change(context) { policy in
            guard let part = policy[keyPath: Part.list].first(where: { $0.name == target.name }) else {
                throw Part.all(in: policy).contains { $0.name == target.name } ? Part.lasting : Part.absent
            }
            try match.check(part.tag)
            var policy = policy
            policy[keyPath: Part.list].removeAll { $0.name == target.name }
            return policy
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    private static func document(_ request: Request) async throws -> StrictJSON {
        try await AccessBody.document(
            request,
            bytesMax: PolicyPartLimits.documentBytesMax,
            tooLarge: "The body has more than 256 KiB."
        )
    }

    /// The document with the name that the path gives it; it may give the same itself.
    private static func document(_ request: Request, named name: String) async throws -> StrictJSON {
        let document = try await Self.document(request)
        guard case .object(var members) = document else { return document }
        guard members[Part.nameMember].map({ $0 == .string(name) }) ?? true else {
            throw CollimatorError(
                .invalidInput,
                "the path and the body name two things",
                publicDetail: "The body has another name than the path."
            )
        }
        members[Part.nameMember] = .string(name)
        return .object(members)
    }

    private static func part(_ document: StrictJSON) throws -> Part {
        guard let part = try Part.read(document) else {
            throw CollimatorError(.invalidInput, "a part of a policy cannot be read")
        }
        return part
    }
}

/// Limits that are the same for every kind of parts.
enum PolicyPartLimits {
    /// The longest part that is read.
    static let documentBytesMax = 256 * 1024
}
