import CollimatorCore
import DICOMweb
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import Catalog
@testable import Gateway

@Suite("Searches whose client goes away", .timeLimit(.minutes(2)))
struct ClientPresenceTests {
    /// A gateway whose searches that look at much wait for a turn that never comes, and their catalog.
    static func gateway() async throws -> (gateway: GatewayUnderTest, catalog: CatalogStore) {
        var effort = SearchEffort()
        effort.examinedFreely = 0
        effort.slotCount = 0
        effort.slotWait = .seconds(3_600)
        let catalog = try TemporaryCatalog.store(effort: effort)
        var gateway = try GatewayUnderTest(ScriptedUpstream(), cloud: ScriptedCloud([:]))
        gateway.parts.catalog = StudyCatalog(catalog)
        return (try await gateway.knowing([try StudyEntry(Sample.study())]), catalog)
    }

    private static let cloud = "/v1/projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb"

    static func request(_ path: String, _ method: String = "GET", body: String = "") -> String {
        """
        \(method) \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(GatewayUnderTest.key)\r\n\
        Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
        """
    }

    @Test(
        "are given up, and what they waited for is free again",
        arguments: [
            ClientPresenceTests.request("/api/v1/studies?patientName=*mit*"),
            ClientPresenceTests.request("/api/v1/stores/radiology/studies?total=exact&patientName=smith"),
            ClientPresenceTests.request("/api/v1/studies/search", "POST", body: #"{"patientName":"*mit*"}"#),
            ClientPresenceTests.request("/dicomweb/radiology/studies?PatientName=*mit*"),
            ClientPresenceTests.request("/dicomweb/radiology/series?PatientName=*mit*"),
            ClientPresenceTests.request("\(ClientPresenceTests.cloud)/studies?PatientName=*mit*"),
        ]
    )
    func gone(request: String) async throws {
        let (gateway, catalog) = try await Self.gateway()
        _ = try await gateway.application.test(.live) { client in
            let connection = try RawConnection(port: try #require(client.port))
            connection.send(request)
            try await Self.until { catalog.slots.waitingCount == 1 }
            connection.end()
            try await Self.until { catalog.slots.waitingCount == 0 }
        }
    }

    @Test("go on while their client waits")
    func waiting() async throws {
        let (gateway, catalog) = try await Self.gateway()
        _ = try await gateway.application.test(.live) { client in
            let port = try #require(client.port)
            let path = "/api/v1/studies?patientName=*mit*"
            let staying = try RawConnection(port: port)
            staying.send(Self.request(path))
            try await Self.until { catalog.slots.waitingCount == 1 }
            let leaving = try RawConnection(port: port)
            leaving.send(Self.request(path))
            try await Self.until { catalog.slots.waitingCount == 2 }
            leaving.end()
            try await Self.until { catalog.slots.waitingCount == 1 }
            #expect(!staying.hasSomething)
            staying.end()
            try await Self.until { catalog.slots.waitingCount == 0 }
        }
    }

    @Test("are given up at once where the connection breaks, and not yet where the client has closed its side alone")
    func reset() async throws {
        var (gateway, catalog) = try await Self.gateway()
        gateway.parts.limits.leavingGrace = .seconds(3_600)
        _ = try await gateway.application.test(.live) { [catalog] client in
            let port = try #require(client.port)
            let path = "/api/v1/studies?patientName=*mit*"
            let asking = try RawConnection(port: port)
            asking.send(Self.request(path))
            asking.finishSending()
            try await Self.until { catalog.slots.waitingCount == 1 }
            let leaving = try RawConnection(port: port)
            leaving.send(Self.request(path))
            try await Self.until { catalog.slots.waitingCount == 2 }
            leaving.reset()
            try await Self.until { catalog.slots.waitingCount == 1 }
            #expect(!asking.hasSomething)
            asking.reset()
            try await Self.until { catalog.slots.waitingCount == 0 }
        }
    }

    @Test("a client that only says that it asks nothing more is answered")
    func halfClosed() async throws {
        var limits = GatewayLimits()
        limits.leavingGrace = .seconds(3_600)
        let gateway = try await GatewayUnderTest(ScriptedUpstream(), limits: limits)
            .knowing([try StudyEntry(Sample.study())])
        _ = try await gateway.application.test(.live) { client in
            let answer = try await RawExchange.exchange(
                port: try #require(client.port),
                Self.request("/api/v1/studies?patientName=smith"),
                closesInput: true
            )
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("work that throws, and work that is done at once, end as they would without a client to watch")
    func unwatched() async throws {
        let channel = NIOAsyncTestingChannel()
        let answer = try await whileClientWaits(on: channel) { 7 }
        #expect(answer == 7)
        await #expect(throws: CollimatorError.self) {
            try await whileClientWaits(on: channel) { throw CollimatorError(.conflict, "a test") }
        }
    }

    static func until(_ isSo: () -> Bool) async throws {
        while !isSo() { try await Task.sleep(for: .milliseconds(2)) }
    }
}
