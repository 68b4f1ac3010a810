import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// The API keys: who holds the right to manage them makes, rotates and revokes them.
///
/// A key is a caller of its own and begins without any right; what it may do is for rules to say.
struct APIKeysController: Sendable {
    let keys: APIKeys
    /// The project that key files name.
    let project: String?
    /// Where this service is for the caller.
    let origin: @Sendable (Request) -> String

    private static let root = "/api/v1/access/keys"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.root, .keysList, handler: self.list),
            Endpoint(.post, Self.root, .keysManage, handler: self.create),
            Endpoint(.get, "\(Self.root)/{key}", .keysList, handler: self.find),
            Endpoint(.delete, "\(Self.root)/{key}", .keysManage, handler: self.revoke),
            Endpoint(.post, "\(Self.root)/{key}/rotations", .keysManage, handler: self.rotate),
        ]
    }

    @Sendable private func list(_ request: Request, context: CallerContext, target: ServiceTarget) throws -> Response {
        let now = self.keys.now
        return try AccessPage(parsing: request.uri.query).answer(
            self.keys.all,
            id: \.id,
            body: { APIKeyBody.json($0, at: now) },
            to: request
        )
    }

    @Sendable private func find(_ request: Request, context: CallerContext, target: APIKeyTarget) throws -> Response {
        try QueryParameters.refuseAny(request)
        guard let key = self.keys.find(target.id) else {
            throw CollimatorError(.notFound, "there is no such key")
        }
        return jsonAnswer(APIKeyBody.json(key, at: self.keys.now), to: request)
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let issued = try await self.keys.create(try await Self.wish(request), by: context.caller)
        return self.answer(issued, to: request)
    }

    @Sendable private func rotate(
        _ request: Request,
        context: CallerContext,
        target: APIKeyTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let fault: StaticString =
            "The body is a JSON object such as {\"overlapSeconds\": 86400}, from 0 to 604800, or absent."
        let body = try await AccessBody.read(request, known: ["overlapSeconds"], isOptional: true, detail: fault)
        let overlap = try body.integer("overlapSeconds", in: 0...self.keys.limits.overlapSecondsMax, fault: fault)
        let issued = try await self.keys.rotate(
            target.id,
            overlapSeconds: overlap ?? self.keys.limits.overlapSecondsStandard
        )
        return self.answer(issued, to: request)
    }

    @Sendable private func revoke(
        _ request: Request,
        context: CallerContext,
        target: APIKeyTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        try await self.keys.revoke(target.id)
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    /// The only answer with the text of a key, or with its file.
    private func answer(_ issued: APIKeys.Issued, to request: Request) -> Response {
        let shown: (String, JSONValue) =
            switch issued.shown {
            case .text(let text): ("key", .string(text))
            case .file(let file):
                (
                    "keyFile",
                    APIKeyBody.file(file, id: issued.key.id, project: self.project, origin: self.origin(request))
                )
            }
        let body = APIKeyBody.json(issued.key, at: self.keys.now, shown: shown)
        return Response(
            status: .created,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store",
                .location: "\(Self.root)/\(issued.key.id)",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.encoded()))
        )
    }

    private static func wish(_ request: Request) async throws -> APIKeys.Wish {
        let body = try await AccessBody.read(
            request,
            known: ["id", "name", "kind", "expiresAt"],
            detail: "The body is a JSON object with name, and possibly id, kind and expiresAt, and nothing else."
        )
        let nameFault: StaticString = "The name is a text of 1 to 100 characters without control characters."
        guard let name = try body.text("name", fault: nameFault), APIKey.isName(name) else {
            throw CollimatorError(.invalidInput, "a key without a usable name", publicDetail: nameFault)
        }
        let idFault: StaticString =
            "The id is a small letter, then small letters, digits and hyphens: 3 to 63 characters in all."
        let id = try body.text("id", fault: idFault)
        guard id.map({ APIKey.isID($0) }) ?? true else {
            throw CollimatorError(.invalidInput, "a key without a usable id", publicDetail: idFault)
        }
        let kindFault: StaticString = "The kind is text or file."
        let kind = try body.text("kind", fault: kindFault).map { word throws(CollimatorError) in
            guard let kind = APIKey.Kind(rawValue: word) else {
                throw CollimatorError(.invalidInput, "a key of no kind", publicDetail: kindFault)
            }
            return kind
        }
        let endFault: StaticString = "The end of a key is a time such as 2030-01-05T10:41:12Z."
        let end = try body.text("expiresAt", fault: endFault).map { text throws(CollimatorError) in
            guard let end = RFC3339.milliseconds(text) else {
                throw CollimatorError(.invalidInput, "the end of a key is no time", publicDetail: endFault)
            }
            return end
        }
        return APIKeys.Wish(id: id, name: name, kind: kind ?? .text, expiresAt: end)
    }
}
