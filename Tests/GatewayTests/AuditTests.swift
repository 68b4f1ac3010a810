import AccessControl
import Audit
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Persistence
import TestSupport
import Testing

@testable import Gateway

@Suite("GET /api/v1/audit", .timeLimit(.minutes(1)))
struct AuditTests {
    private let database: Database
    private let gateway: GatewayUnderTest

    init() async throws {
        let folder = try TemporaryDirectory()
        let spoolPath = "\(folder.path)/spool"
        self.database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: self.database)
        try await store.prepare()
        var configuration = AuditConfiguration()
        configuration.spoolBytesMax = 0
        var gateway = try await GatewayUnderTest(ScriptedUpstream()).knowing([StudyEntry(Sample.study())])
        gateway.parts.audit = try AuditLog(
            store,
            spoolPath: spoolPath,
            configuration: configuration,
            // The clock holds the folder as long as the audit lives.
            clock: WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } },
            logger: GatewayUnderTest.quiet
        )
        self.gateway = gateway
    }

    private struct Page: Decodable {
        let items: [Item]
        let nextCursor: String?

        struct Item: Decodable, Equatable {
            let caller: String
            let authenticationMethod: String
            let action: String
            let route: String
            let outcome: String
            let store: String?
            let study: String?
            let patient: Patient?
            let decision: String?
            let requestId: String
            let count: Int
        }

        struct Patient: Decodable, Equatable {
            let id: String
            let issuer: String?
        }
    }

    private func page(_ query: String = "") async throws -> Page {
        let answer = try await self.gateway.request(.get, "/api/v1/audit\(query)")
        #expect(answer.status == .ok)
        #expect(answer.headers[.cacheControl] == "no-store")
        return try JSONDecoder().decode(Page.self, from: Data(answer.body.readableBytesView))
    }

    /// Whether records can be written.
    private func database(takesRecords: Bool) async throws {
        try await self.database.write { connection in
            try connection.execute("DROP TRIGGER IF EXISTS refusal")
            guard !takesRecords else { return }
            try connection.execute(
                "CREATE TRIGGER refusal BEFORE INSERT ON auditRecord BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        }
    }

    @Test("says who looked at which study of which patient, and how often")
    func look() async throws {
        let first = try await self.gateway.request(.get, Sample.studyPath)
        #expect(first.status == .ok)
        for _ in 0..<3 { _ = try await self.gateway.request(.get, Sample.studyPath) }
        try await self.gateway.parts.audit?.flush()
        let items = try await self.page("?study=\(Sample.study)").items
        #expect(items.map(\.count) == [3, 1])
        let item = try #require(items.last)
        #expect(item.caller == "administrator")
        #expect(item.authenticationMethod == "administrator-key")
        #expect(item.action == "healthcare.dicomStores.dicomWebRead")
        #expect(item.route == "GET /api/v1/stores/{store}/studies/{study}")
        #expect(item.outcome == "success")
        #expect(item.store == "radiology")
        #expect(item.patient == Page.Patient(id: "MRN-1", issuer: nil))
        #expect(first.headers[requestIDHeader] == item.requestId)
        #expect(try await self.page("?patientId=MRN-1&limit=1").nextCursor != nil)
        #expect(try await self.page("?patientId=MRN-2").items.isEmpty)
    }

    @Test("has searches, and what was asked for in vain, and not itself")
    func others() async throws {
        _ = try await self.gateway.request(.get, "/api/v1/studies?patientName=smith")
        _ = try await self.gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.3?include=nothing")
        _ = try await self.gateway.request(.get, "/healthz")
        let items = try await self.page().items
        #expect(items.map(\.outcome) == ["failed", "success"])
        #expect(items.map(\.study) == ["1.2.3", nil])
        #expect(items.last?.route == "GET /api/v1/studies")
    }

    @Test("keeps what decided: the rule with what it asks for, as the gate decided")
    func decision() async throws {
        var gateway = try await self.gateway.knowingCallers()
        gateway.parts.audit = self.gateway.parts.audit
        let key = try await self.key("portal", in: gateway)
        var policy = AccessPolicy()
        policy.groups = [AccessPolicy.LocalGroup(name: "apps", members: [.client(id: "portal")])]
        var rule = AccessRule(
            id: "own-patients",
            .allow,
            .localGroup(name: "apps"),
            role: "viewer",
            on: .allStores
        )
        // Asked again without the facts of the study, the rule would allow nothing.
        rule.condition.texts[.description] = ["CT*"]
        policy.rules = [rule]
        gateway.parts.authorizer.install(try CompiledPolicy(policy, version: 7))
        let look = try await gateway.request(.get, Sample.studyPath, headers: [.authorization: "Bearer \(key)"])
        #expect(look.status == .ok)
        // What a later policy says has no part in it.
        policy.rules[0].condition.texts[.description] = ["MR*"]
        gateway.parts.authorizer.install(try CompiledPolicy(policy, version: 8))
        let refused = try await gateway.request(.get, Sample.studyPath, headers: [.authorization: "Bearer \(key)"])
        #expect(refused.status == .notFound)
        let items = try await self.page("?caller=client:portal").items
        #expect(items.map(\.outcome) == ["refused", "success"])
        #expect(items.map(\.decision) == ["nothing-granted", "allowed-by-rule:own-patients@7"])
    }

    private struct KeyText: Decodable { let key: String }

    private func key(_ id: String, in gateway: GatewayUnderTest) async throws -> String {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/json"
        let body = ByteBuffer(string: #"{"id":"\#(id)","name":"An app"}"#)
        let made = try await gateway.request(.post, "/api/v1/access/keys", headers: headers, body: body)
        #expect(made.status == .created)
        return try JSONDecoder().decode(KeyText.self, from: Data(made.body.readableBytesView)).key
    }

    @Test("an upload is written down with each study that it stored in, and its patient")
    func upload() async throws {
        let upstream = UploadSample.storing()
        var gateway = try await GatewayUnderTest(upstream).knowing([StudyEntry(Sample.study())])
        gateway.parts.audit = self.gateway.parts.audit
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/dicom"
        for _ in 0..<2 {
            let stored = try await gateway.request(
                .post,
                UploadSample.path,
                headers: headers,
                body: ByteBuffer(bytes: UploadSample.file())
            )
            #expect(stored.status == .created)
        }
        let items = try await self.page("?study=\(Sample.study)").items
        #expect(items.map(\.route) == ["POST /api/v1/stores/{store}/studies"])
        #expect(items.map(\.patient) == [Page.Patient(id: "MRN-1", issuer: nil)])
        #expect(items.map(\.decision) == ["administrator-may-all"])
        #expect(try await self.page("?action=healthcare.dicomStores.dicomWebWrite").items.count == 1)
        // What was refused by the store is in no study.
        let failing = UploadSample.storing({ _ in .refused })
        gateway.parts.stores = try GatewayUnderTest(failing).parts.stores
        let failed = try await gateway.request(
            .post,
            UploadSample.path,
            headers: headers,
            body: ByteBuffer(bytes: UploadSample.file())
        )
        #expect(failed.status == .unprocessableContent)
        #expect(try await self.page("?outcome=failed").items.map(\.study) == [nil])
    }

    @Test("holds no key, no query and no name of a patient")
    func nothingElse() async throws {
        _ = try await self.gateway.request(.get, "/api/v1/studies?patientName=smith&q=chest")
        _ = try await self.gateway.request(.get, Sample.studyPath)
        let texts = try await self.database.read { connection in
            try connection.query("SELECT * FROM auditRecord").map { "\($0.values)".lowercased() }
        }
        #expect(texts.count == 2)
        for secret in [GatewayUnderTest.key, "bearer", "smith", "chest"] {
            #expect(texts.allSatisfy { !$0.contains(secret.lowercased()) })
        }
    }

    @Test("case 46: shows no patient data while nothing can be written down, and recovers")
    func unwritable() async throws {
        try await self.database(takesRecords: false)
        for path in [Sample.studyPath, "/api/v1/studies", "/api/v1/stores/radiology/studies"] {
            let answer = try await self.gateway.request(.get, path)
            #expect(answer.status == .serviceUnavailable, "\(path)")
            #expect(try answer.problem().code == "unavailable")
            #expect(!answer.text.contains("MRN-1"))
        }
        #expect(try await self.gateway.request(.get, "/healthz").status == .ok)
        try await self.database(takesRecords: true)
        #expect(try await self.gateway.request(.get, Sample.studyPath).status == .ok)
        #expect(try await self.page().items.map(\.study) == [Sample.study])
    }

    @Test("verifies the chain")
    func verification() async throws {
        _ = try await self.gateway.request(.get, Sample.studyPath)
        let whole = try await self.gateway.request(.get, "/api/v1/audit/verification")
        #expect(whole.text.hasPrefix(#"{"intact":true,"records":1,"brokenAt":null,"head":{"number":1,"hash":""#))
        _ = try await self.database.write { try $0.execute("UPDATE auditRecord SET caller = 'nobody'") }
        let broken = try await self.gateway.request(.get, "/api/v1/audit/verification")
        #expect(broken.text.hasPrefix(#"{"intact":false,"records":0,"brokenAt":1,"#))
    }

    @Test(
        "refuses filters that are none",
        arguments: [
            "caller=alice", "study=x", "store=A", "outcome=maybe", "action=all", "from=yesterday", "cursor=x",
            "limit=0", "patientId=", "patientName=smith", "study=1.2&study=1.3",
        ]
    )
    func malformed(query: String) async throws {
        let answer = try await self.gateway.request(.get, "/api/v1/audit?\(query)")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().code == "invalid-input")
    }
}
