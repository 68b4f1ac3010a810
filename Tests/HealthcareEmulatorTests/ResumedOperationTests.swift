import CollimatorCore
import EmulatorStorage
import Foundation
import Logging
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("operations over a restart")
struct ResumedOperationTests {
    @Test("what was not done is done by the next process")
    func resumed() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        try await withEmulator(directory: path) { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
        }
        let store = try #require(DICOMStoreName(Emulator.localStore))
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let archive = try await Archive.open(ArchiveConfiguration(directory: path + "/archive", logger: logger))
        let document = OperationDocument(method: "test", createdAt: Date(timeIntervalSince1970: 0))
        let known = try await archive.createOperation(
            in: store.dataset,
            body: document.body.text(),
            work: OperationWork.storageClass(.archive, .store(store)).text
        )
        let unknown = try await archive.createOperation(in: store.dataset, body: document.body.text(), work: [])
        await archive.close()
        try await withEmulator(directory: path) { server in
            let done = try await server.awaitOperation("\(store.dataset)/operations/\(known.id)")
            #expect(((done["metadata"] as? [String: Any])?["counter"] as? [String: String]) == ["success": "3"])
            #expect((done["metadata"] as? [String: Any])?["createTime"] as? String == "1970-01-01T00:00:00.000Z")
            let failed = try await server.awaitOperation("\(store.dataset)/operations/\(unknown.id)")
            #expect((failed["error"] as? [String: Any])?["code"] as? Int == 13)
            let info = try await server.get(TestServer.dicomWeb + TestObject().path + ":getStorageInfo")
            #expect((info.object["blobStorageInfo"] as? [String: Any])?["storageClass"] as? String == "ARCHIVE")
        }
        withExtendedLifetime(directory) {}
    }

    @Test("work is read as it was written")
    func work() throws {
        let store = try #require(DICOMStoreName(Emulator.localStore))
        let study = try #require(TestServer.uids("1.2", "1.3", "1.4"))
        for scope in [
            InstanceScope(store: store, study: study.0), InstanceScope(store: store, study: study.0, series: study.1),
            InstanceScope(store: store, study: study.0, series: study.1, instance: study.2),
        ] {
            for work in [OperationWork.deletion(scope, instanceCount: 7), .storageClass(.nearline, .scope(scope))] {
                #expect(OperationWork(parsing: work.text) == work)
            }
        }
        for text in ["", "{}", #"{"kind":"deletion"}"#, #"{"kind":"storageClass","class":"WARM"}"#] {
            #expect(OperationWork(parsing: Array(text.utf8)) == nil)
        }
    }
}
