import DICOMweb
import NIOHTTP1
import Persistence
import Testing

@testable import HealthcareEmulator

/// Faults are made with triggers, which a second connection puts into the emulator's index.
@Suite("faults of the index")
struct DatabaseFaultTests {
    private static func execute(_ server: TestServer, _ sql: String) async throws {
        let path = server.directory + "/archive/emulator.sqlite"
        let database = try Database.open(DatabaseConfiguration(path: path, readerCount: 1))
        try await database.write { connection in _ = try connection.execute(sql) }
        try await database.close()
    }

    @Test("a deletion whose operation cannot be written down is an error, and is finished all the same")
    func deletionWithoutOperation() async throws {
        try await withEmulator { server in
            try await server.store(TestObject())
            try await Self.execute(
                server,
                "CREATE TRIGGER full BEFORE INSERT ON operation BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            let study = TestServer.dicomWeb + "/studies/\(TestObject().study)"
            let reply = try await server.send(.DELETE, study)
            #expect(reply.status == 500)
            #expect(try await server.get(study + "/metadata").status == 404)
            // Until it is done its UIDs are refused; nobody but the archive itself finishes it.
            var status = 409
            for _ in 0..<1000 where status == 409 {
                status = try await server.store(TestObject()).status
                if status == 409 { try await Task.sleep(for: .milliseconds(5)) }
            }
            #expect(status == 200)
        }
    }

    @Test("of two objects of a request, the one that was stored is told from the one that failed")
    func storedAndFailed() async throws {
        try await withEmulator { server in
            try await Self.execute(
                server,
                """
                CREATE TRIGGER fault BEFORE INSERT ON instance WHEN NEW.uid = '\(TestObject(2).instance)'
                BEGIN SELECT RAISE(ABORT, 'fault'); END
                """
            )
            let parts: [(headers: [String], body: [UInt8])] = try [1, 2].map {
                (Multipart.dicomHeaders, try TestObject($0).file())
            }
            let headers: HTTPHeaders = [
                "Content-Type": "multipart/related; type=\"application/dicom\"; boundary=b0",
                "Accept": "application/dicom+json",
            ]
            let studies = TestServer.dicomWeb + "/studies"
            let body = Multipart.body(boundary: "b0", parts)
            let reply = try await server.send(.POST, studies, headers: headers, body: body)
            #expect(reply.status == 409)
            let stored = Self.items(reply, "00081199").map { ($0["00081155"] as? [String: Any])?["Value"] as? [String] }
            #expect(stored == [[TestObject(1).instance]])
            #expect(Self.items(reply, "00081198").count == 1)
            // Where nothing was stored, the fault is the answer.
            let alone = try await server.store(TestObject(2))
            #expect(alone.status == 500)
        }
    }

    private static func items(_ reply: TestServer.Reply, _ tag: String) -> [[String: Any]] {
        (reply.object[tag] as? [String: Any])?["Value"] as? [[String: Any]] ?? []
    }
}
