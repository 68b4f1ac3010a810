import CollimatorCore
import Identity

/// An API key as JSON.
enum APIKeyBody {
    /// Never with the text; that stands only in the answer that made it.
    static func json(_ key: APIKey, at now: Int64, shown: (String, JSONValue)? = nil) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("id", .string(key.id)),
            ("name", .string(key.name)),
            ("kind", .string(key.kind.rawValue)),
            ("principal", .string(key.principal.description)),
            ("owner", .string(key.owner.description)),
            ("state", .string(key.state(at: now).rawValue)),
            ("createdAt", Self.time(key.createdAt)),
            ("expiresAt", Self.time(key.expiresAt)),
            ("lastUsedAt", Self.time(key.lastUsedAt)),
            ("revokedAt", Self.time(key.revokedAt)),
            ("secrets", .array(key.secrets.filter { $0.endsAt.map { $0 > now } ?? true }.map(Self.secret))),
            (
                "links",
                .object([
                    ("self", .string("/api/v1/access/keys/\(key.id)")),
                    ("rotations", .string("/api/v1/access/keys/\(key.id)/rotations")),
                ])
            ),
        ]
        if let shown { members.append(shown) }
        return .object(members)
    }

    /// A key file as Google's client libraries read it.
    static func file(_ file: KeyFile, id: String, project: String?, origin: String) -> JSONValue {
        var members: [(String, JSONValue)] = [("type", .string("service_account"))]
        if let project { members.append(("project_id", .string(project))) }
        members += [
            ("private_key_id", .string(file.keyID)),
            ("private_key", .string(file.privateKey)),
            ("client_email", .string(file.clientEmail)),
            ("client_id", .string(id)),
            ("auth_uri", .string("\(origin)/auth/login")),
            ("token_uri", .string(origin + TokenExchangeController.path)),
            ("universe_domain", .string("googleapis.com")),
        ]
        return .object(members)
    }

    private static func secret(_ secret: APIKey.Secret) -> JSONValue {
        .object([
            ("prefix", .string(secret.shown)),
            ("createdAt", Self.time(secret.createdAt)),
            ("endsAt", Self.time(secret.endsAt)),
        ])
    }

    static func time(_ milliseconds: Int64?) -> JSONValue {
        .text(milliseconds.map { RFC3339.text(milliseconds: $0) })
    }
}
