import AccessControl
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Catalog
@testable import Gateway

/// A store that keeps what is stored in it, as far as files tell.
final class KeepingStore: Sendable {
    private let entries: Mutex<[StudyUID: StudyEntry]>
    private let instances = Mutex<[InstanceUID: StoredInstance]>([:])
    /// Whether its answer to what it has stored is lost.
    let isAnswerLost = Mutex(false)

    init(_ entries: [StudyEntry]) {
        self.entries = Mutex(Dictionary(uniqueKeysWithValues: entries.map { ($0.study, $0) }))
    }

    var catalog: CatalogUpstream {
        var upstream = CatalogUpstream(
            studies: { _ in [] },
            series: { _ in [] },
            study: { study in self.entries.withLock { $0[study] } },
            studyCount: { nil }
        )
        upstream.instance = { instance in self.instances.withLock { $0[instance] } }
        return upstream
    }

    var upstream: ScriptedUpstream {
        ScriptedUpstream(
            search: { _ in [] },
            store: { bytes in
                guard let study = StudyOfFile.find(bytes), let instance = FileBeginning(bytes).instance,
                    let series = SeriesUID("\(study).1")
                else { return .refused }
                try self.add(study, series)
                let stored = StoredInstance(study: study, series: series, instance: instance)
                self.instances.withLock { $0[instance] = stored }
                if self.isAnswerLost.withLock({ $0 }) { throw DICOMwebError.transport }
                return .stored(
                    StoredReference(
                        sopClassUID: UploadSample.sopClass,
                        study: study,
                        series: series,
                        instance: instance
                    )
                )
            }
        )
    }

    private func add(_ study: StudyUID, _ series: SeriesUID) throws {
        try self.entries.withLock { entries in
            var attributes = Sample.series(uid: series.rawValue)
            attributes.set(.studyInstanceUID, study.rawValue)
            var entry = try entries[study] ?? StudyEntry(Sample.study(uid: study.rawValue))
            var all = entry.series ?? []
            if let index = all.firstIndex(where: { $0.series == series }) {
                all[index].instanceCount = (all[index].instanceCount ?? 0) + 1
            } else {
                all.append(SeriesEntry(series: series, attributes: attributes, instanceCount: 1))
            }
            entry.series = all
            entries[study] = entry
        }
    }
}

@Suite("Uploads of those who may not see everything", .timeLimit(.minutes(1)))
struct OwnUploadTests {
    private static let others = "1.2.3.1"
    private static let mine = "1.2.3.2"
    private let store: KeepingStore
    private let upstream: ScriptedUpstream
    private let gateway: GatewayUnderTest
    private let key: String

    private struct KeyText: Decodable { let key: String }

    init() async throws {
        let entry = try StudyEntry(
            Sample.study(uid: Self.others),
            series: [(Sample.series(uid: "\(Self.others).1"), 3)]
        )
        self.store = KeepingStore([entry])
        self.upstream = self.store.upstream
        var gateway = try await GatewayUnderTest(self.upstream, cloud: ScriptedCloud([:])).knowingCallers()
        let (catalog, name) = (gateway.parts.catalog, try #require(StoreName("radiology")))
        try await catalog.add(name, upstream: self.store.catalog)
        gateway.parts.changes = StudyChanges { change in
            do {
                try await catalog.changed(change.study, in: change.store)
            } catch {
                Issue.record(error)
            }
        }
        self.gateway = gateway
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/json"
        let body = ByteBuffer(string: #"{"id":"vendor","name":"A vendor"}"#)
        let made = try await gateway.request(.post, "/api/v1/access/keys", headers: headers, body: body)
        self.key = try JSONDecoder().decode(KeyText.self, from: Data(made.body.readableBytesView)).key
        try await self.allow()
    }

    /// The vendor may store, and what the rules say beside that.
    private func allow(_ more: [AccessRule] = []) async throws {
        var policy = AccessPolicy()
        policy.rules = [AccessRule(id: "w", .allow, .client(id: "vendor"), role: "uploader", on: .allStores)] + more
        let authorizer = self.gateway.parts.authorizer
        let version = authorizer.policy.version + 1
        authorizer.install(try CompiledPolicy(policy, version: version))
        try await authorizer.keepRows(in: self.gateway.parts.catalog)
        while try await self.gateway.parts.catalog.catalog.select(limit: 50) {}
    }

    private var own: AccessRule {
        var rule = AccessRule(id: "own", .allow, .client(id: "vendor"), role: "viewer", on: .allStores)
        rule.condition.isOwnUploads = true
        return rule
    }

    private func send(
        _ files: [[UInt8]],
        to path: String = UploadSample.path,
        accept: String? = nil
    ) async throws -> TestResponse {
        var headers: HTTPFields = [
            .authorization: "Bearer \(self.key)",
            .contentType: #"multipart/related; type="application/dicom"; boundary=b"#,
        ]
        headers[.accept] = accept
        let body = UploadSample.multipart(files.map { (head: "Content-Type: application/dicom", content: $0) })
        return try await self.gateway.request(.post, path, headers: headers, body: ByteBuffer(bytes: body))
    }

    private func see(_ path: String) async throws -> TestResponse {
        try await self.gateway.request(.get, path, headers: [.authorization: "Bearer \(self.key)"])
    }

    private static func file(_ study: String, _ number: Int) -> [UInt8] {
        DICOMFileSample.file(study: study, series: "\(study).1", instance: "\(study).1.\(number)")
    }

    @Test("case 35: of several files those for a study of others are refused before they are written, and no other")
    func perFile() async throws {
        let answer = try await self.send([
            Self.file(Self.mine, 1), Self.file(Self.others, 9), Self.file(Self.mine, 2), Self.file(Self.mine, 3),
        ])
        #expect(answer.status == .ok)
        let report = try answer.upload()
        #expect(report.items.map(\.outcome) == ["stored", "refused", "stored", "stored"])
        #expect(report.items[1].reason == "forbidden")
        #expect(!answer.text.contains(Self.others))
        #expect(
            self.upstream.log.stored.compactMap { StudyOfFile.find($0)?.rawValue } == [Self.mine, Self.mine, Self.mine]
        )
        // One's own study goes on, in a request of its own too.
        #expect(try await self.send([Self.file(Self.mine, 4)]).status == .created)
        // What cannot be decided on is not written.
        let untold = DICOMFileSample.file(study: Self.mine, form: .deflated)
        let refused = try await self.send([untold])
        #expect(refused.status == .unprocessableContent)
        #expect(try refused.upload().items.map(\.reason) == ["forbidden"])
        #expect(self.upstream.log.stored.count == 4)
    }

    @Test("a single file for a study of others is refused, and to its own address too")
    func single() async throws {
        let headers: HTTPFields = [.authorization: "Bearer \(self.key)", .contentType: "application/dicom"]
        // Google's tree says of what is forbidden that it is not there.
        let cloud = "/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies/\(Self.others)"
        for (path, status): (String, HTTPResponse.Status) in [
            (UploadSample.path, .forbidden), ("/dicomweb/radiology/studies/\(Self.others)", .forbidden),
            (cloud, .notFound),
        ] {
            let body = ByteBuffer(bytes: Self.file(Self.others, 9))
            let answer = try await self.gateway.request(.post, path, headers: headers, body: body)
            #expect(answer.status == status, "\(path)")
        }
        #expect(self.upstream.log.stored.isEmpty)
        #expect(self.upstream.log.requests.isEmpty)
    }

    @Test(
        "the DICOMweb trees decide file by file too, and say what became of each",
        arguments: [
            "/dicomweb/radiology/studies", "/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies",
        ]
    )
    func stow(path: String) async throws {
        let files = [Self.file(Self.mine, 1), Self.file(Self.others, 9)]
        let answer = try await self.send(files, to: path, accept: "application/dicom+json")
        #expect(answer.status == .accepted)
        let set = try DICOMJSON.dataSet(from: Array(answer.body.readableBytesView))
        #expect(set.items(.referencedSOPSequence).map { $0.string(.referencedSOPInstanceUID) } == ["\(Self.mine).1.1"])
        #expect(set.items(.failedSOPSequence).map { $0.integer(.failureReason) } == [0x0124])
        #expect(set.items(.failedSOPSequence).map { $0.string(.referencedSOPInstanceUID) } == ["\(Self.others).1.9"])
        #expect(set.string(.retrieveURL)?.hasSuffix("/studies/\(Self.mine)") == true)
        #expect(try await self.send([Self.file(Self.others, 8)], to: path).status == .conflict)
        let xml = try await self.send([Self.file(Self.mine, 2)], to: path, accept: "application/dicom+xml")
        #expect(xml.status == .ok && xml.headers[.contentType] == "application/dicom+xml")
        #expect(self.upstream.log.requests.isEmpty)
        #expect(self.upstream.log.stored.count == 2)
    }

    @Test("what is sent to the address of a study goes there file by file, whether or not it says which study it is of")
    func toStudy() async throws {
        let path = "/dicomweb/radiology/studies/\(Self.mine)"
        let untold = DICOMFileSample.file(study: Self.mine, form: .deflated)
        let files = [Self.file(Self.mine, 1), untold]
        _ = try await self.send(files, to: path, accept: "application/dicom+json")
        #expect(self.upstream.log.requests.isEmpty)
        #expect(self.upstream.log.stored.count == 2)
    }

    @Test("who may only store sees nothing of it, unless a rule gives what is one's own, and then no more than that")
    func ownOnly() async throws {
        _ = try await self.send([Self.file(Self.mine, 1), Self.file(Self.mine, 2)])
        let study = "/api/v1/stores/radiology/studies/\(Self.mine)"
        #expect(try await self.see(study).status == .notFound)
        #expect(try await self.see("/dicomweb/radiology/studies").status == .notFound)
        try await self.allow([self.own])
        #expect(try await self.see(study).status == .ok)
        #expect(try await self.see("/api/v1/stores/radiology/studies/\(Self.others)").status == .notFound)
        let list = try await self.see("/api/v1/stores/radiology/studies")
        #expect(list.text.contains(Self.mine) && !list.text.contains(Self.others))
        #expect(list.text.contains(#""scope":"series""#))
        // Somebody else adds an instance: the series is no longer one's own.
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/dicom"
        let body = ByteBuffer(bytes: Self.file(Self.mine, 3))
        #expect(
            try await self.gateway.request(.post, UploadSample.path, headers: headers, body: body).status == .created
        )
        #expect(try await self.see(study).status == .notFound)
        #expect(try await !self.see("/api/v1/stores/radiology/studies").text.contains(Self.mine))
        #expect(try await self.send([Self.file(Self.mine, 4)]).status == .unprocessableContent)
    }

    @Test(
        "what was stored while the answer got lost is the uploader's own all the same",
        arguments: [
            UploadSample.path, "/dicomweb/radiology/studies", "/dicomweb/radiology/studies/\(mine)",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies/\(mine)",
        ]
    )
    func lostAnswer(path: String) async throws {
        try await self.allow([self.own])
        self.store.isAnswerLost.withLock { $0 = true }
        // Nothing but the store's failure kept all of it out, as far as the uploader can know: that is the answer.
        let lost = try await self.send([Self.file(Self.mine, 1)], to: path)
        #expect(lost.status.code >= 400, "\(lost.text)")
        if path == UploadSample.path { #expect(lost.status == .serviceUnavailable) }
        #expect(self.upstream.log.stored.count == 1)
        #expect(self.upstream.log.requests.isEmpty)
        let study = "/api/v1/stores/radiology/studies/\(Self.mine)"
        #expect(try await self.see(study).status == .notFound)
        let catalog = self.gateway.parts.catalog
        let name = try #require(StoreName("radiology"))
        try await catalog.settleUploads(in: name)
        try await catalog.changed(try #require(StudyUID(Self.mine)), in: name)
        #expect(try await self.see(study).status == .ok)
        // The next file goes on in one's own study.
        self.store.isAnswerLost.withLock { $0 = false }
        #expect(try await self.send([Self.file(Self.mine, 2)]).status == .created)
        #expect(try await self.see(study).status == .ok)
    }
}
