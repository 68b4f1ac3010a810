internal import Catalog
internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import Persistence

extension WebhookStore {
    /// Writes down an endpoint, which gets nothing until its owner has answered the challenge.
    ///
    /// - Throws: `invalid-input` for a filter that cannot be, `conflict` where there are too many.
    func create(
        _ settings: WebhookSettings,
        _ credentials: CallCredentials = CallCredentials(),
        _ summary: CertificateSummary? = nil,
        now: Int64
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        defer { self.memory.forget() }
        try settings.filter.check()
        let id = WebhookEndpoint.idPrefix + Base64URL.encode(SecureRandom.bytes(Self.idBytes))
        let secret = WebhookSecret.new()
        let sealed = try self.sealed(secret, of: id)
        let kept = try self.kept(credentials, summary, of: id)
        let encoded = Array(try JSONEncoder().encode(settings.filter))
        let count = try await self.database.write { connection in
            try connection.execute(
                """
                INSERT INTO endpoint
                    (id, url, name, state, filter, policy, callsPerMinute, isOrdered, createdAt, secret, credentials,
                    headerNames, certificateDigest, certificateEndsAt)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
                WHERE (SELECT COUNT(*) FROM endpoint) < ?15
                """,
                [
                    .text(id), .text(settings.url), .text(settings.name),
                    .text(WebhookEndpoint.State.unproved.rawValue), .blob(encoded), .text(settings.policy.rawValue),
                    .integer(settings.callsPerMinute.map(Int64.init)), .integer(settings.isOrdered ? 1 : 0),
                    .integer(now), .blob(sealed),
                ] + kept.columns + [.integer(Self.endpointsMax)]
            )
        }
        guard count == 1 else {
            throw CollimatorError(
                .conflict,
                "there are as many endpoints as there may be",
                publicDetail: "There are as many endpoints as there may be. Remove one that is not used."
            )
        }
        return (try await self.endpoint(id), secret)
    }

    private static let idBytes = 16

    /// Writes other settings down; with another address the endpoint has to answer the challenge again.
    ///
    /// The change is made of the settings as they are in the same transaction: of two at once none is lost.
    func change(
        _ id: String,
        _ wish: CredentialsWish = CredentialsWish(),
        _ summary: CertificateSummary? = nil,
        to changed: @Sendable (WebhookSettings) throws -> WebhookSettings
    ) async throws -> WebhookEndpoint {
        defer { self.memory.forget() }
        try await self.database.write { connection in
            guard let row = try connection.queryOne(Self.select + " WHERE id = ?1", [.text(id)]),
                let before = try connection.queryOne(Self.selectKept, [.text(id)])
            else { throw Self.unknown }
            let settings = try changed(try Self.endpoint(row).settings)
            try settings.filter.check()
            let encoded = Array(try JSONEncoder().encode(settings.filter))
            let kept = try self.kept(before, of: id, movedTo: settings.url, wish, summary)
            _ = try connection.execute(
                """
                UPDATE endpoint SET state = CASE WHEN url = ?2 THEN state ELSE ?8 END, url = ?2, name = ?3, filter = ?4,
                    policy = ?5, callsPerMinute = ?6, isOrdered = ?7, calledUntil = 0, credentials = ?9,
                    headerNames = ?10, certificateDigest = ?11, certificateEndsAt = ?12
                WHERE id = ?1
                """,
                [
                    .text(id), .text(settings.url), .text(settings.name), .blob(encoded),
                    .text(settings.policy.rawValue), .integer(settings.callsPerMinute.map(Int64.init)),
                    .integer(settings.isOrdered ? 1 : 0), .text(WebhookEndpoint.State.unproved.rawValue),
                ] + kept.columns
            )
        }
        return try await self.endpoint(id)
    }

    private static let selectKept =
        "SELECT url, credentials, certificateDigest, certificateEndsAt, headerNames FROM endpoint WHERE id = ?1"

    /// Credentials as a row has them.
    private struct Kept {
        let sealed: [UInt8]?
        let names: [String]
        let summary: CertificateSummary?

        var columns: [SQLValue] {
            [
                self.sealed.map { .blob($0) } ?? .null, .text(self.names.joined(separator: ",")),
                .text(self.summary?.digest), .integer(self.summary?.endsAt),
            ]
        }
    }

    private func kept(
        _ before: SQLRow,
        of id: String,
        movedTo url: String,
        _ wish: CredentialsWish,
        _ summary: CertificateSummary?
    ) throws -> Kept {
        let isElsewhere = try before.text(0) != url
        let sealed = try before.blobIfPresent(1)
        let names = try before.text(4).split(separator: ",").map(String.init)
        let summaryBefore = try before.textIfPresent(2).map {
            CertificateSummary(digest: $0, endsAt: try before.integerIfPresent(3) ?? 0)
        }
        // Opened only where some of it goes on beside something new: a lost key must not keep the rest from being changed.
        let keepsHeaders = !isElsewhere && wish.headers == nil && !names.isEmpty
        let keepsCertificate = !isElsewhere && wish.certificate == .unsaid && summaryBefore != nil
        if !isElsewhere, wish.headers == nil, wish.certificate == .unsaid {
            return Kept(sealed: sealed, names: names, summary: summaryBefore)
        }
        let credentials = wish.applied(
            to: keepsHeaders || keepsCertificate ? try self.opened(sealed, of: id) : CallCredentials(),
            isElsewhere: isElsewhere
        )
        return try self.kept(credentials, summary ?? summaryBefore, of: id)
    }

    private func kept(
        _ credentials: CallCredentials,
        _ summary: CertificateSummary?,
        of id: String
    ) throws -> Kept {
        guard !credentials.isEmpty else { return Kept(sealed: nil, names: [], summary: nil) }
        let sealed = try self.seal.seal(Array(try JSONEncoder().encode(credentials)), in: Self.context(id))
        return Kept(
            sealed: sealed,
            names: credentials.headers.keys.sorted(),
            summary: credentials.certificate == nil ? nil : summary
        )
    }

    private func opened(_ sealed: [UInt8]?, of id: String) throws -> CallCredentials {
        guard let sealed else { return CallCredentials() }
        guard let bytes = self.seal.open(sealed, in: Self.context(id)) else {
            throw CollimatorError(
                .conflict,
                "credentials were sealed with another key",
                publicDetail: "The endpoint's headers and certificate cannot be read: give them again."
            )
        }
        return try JSONDecoder().decode(CallCredentials.self, from: Data(bytes))
    }

    /// Other than that of the secret: neither opens in the place of the other.
    private static func context(_ id: String) -> [UInt8] { Array("credentials of \(id)".utf8) }

    /// The secrets that sign a message now, the newest first.
    func secrets(of id: String, now: Int64) async throws -> [WebhookSecret] {
        try await self.equipment(of: id, at: nil, now: now).secrets
    }

    /// The secrets that sign a message now, the newest first, and what it carries beside.
    ///
    /// Nothing is carried to an address that is no longer that of the endpoint: what is under way to the one before must not
    /// take along what is for the new one.
    func equipment(
        of id: String,
        at url: String?,
        now: Int64
    ) async throws -> (secrets: [WebhookSecret], credentials: CallCredentials) {
        if let kept = self.memory.equipment(of: id), kept.url == url {
            return (kept.secrets(now: now), kept.credentials)
        }
        let version = self.memory.version
        let row = try await self.database.read { connection in
            try connection.queryOne(
                "SELECT secret, oldSecret, oldSecretUntil, credentials, url, state FROM endpoint WHERE id = ?1",
                [.text(id)]
            )
        }
        guard let row else { throw Self.unknown }
        let isThere = try row.text(4) == url
        let equipment = EndpointMemory.Equipment(
            url: try row.text(4),
            isActive: try row.text(5) == WebhookEndpoint.State.active.rawValue,
            secret: try self.secret(try row.blob(0), of: id),
            // One before that cannot be read, because its key is lost, must not keep the new one from signing.
            old: try row.blobIfPresent(1).flatMap { self.seal.open($0, in: Array(id.utf8)) }.map { key in
                (WebhookSecret(key: key), try row.integerIfPresent(2) ?? 0)
            },
            credentials: isThere ? try self.opened(try row.blobIfPresent(3), of: id) : CallCredentials()
        )
        if isThere { self.memory.keep(equipment, of: id, readAt: version) }
        return (equipment.secrets(now: now), equipment.credentials)
    }

    private func secret(_ sealed: [UInt8], of id: String) throws(CollimatorError) -> WebhookSecret {
        guard let key = self.seal.open(sealed, in: Array(id.utf8)) else {
            throw CollimatorError(
                .conflict,
                "a secret was sealed with another key",
                publicDetail: "The endpoint's secret cannot be read: it needs a new one."
            )
        }
        return WebhookSecret(key: key)
    }

    /// Bound to its endpoint: a row that is moved to another one opens nothing there.
    func sealed(_ secret: WebhookSecret, of id: String) throws(CollimatorError) -> [UInt8] {
        do {
            return try self.seal.seal(secret.key, in: Array(id.utf8))
        } catch {
            throw CollimatorError(.internalError, "a secret could not be sealed", cause: error)
        }
    }
}
