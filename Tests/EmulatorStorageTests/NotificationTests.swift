import DICOMweb
@testable import EmulatorStorage
import FoundationEssentials
import Glibc
import Testing

/// Each test runs a second process that ends itself with SIGKILL; see `CrashTests`.
@Suite("A message about a stored instance", .serialized)
struct NotificationTests {
    @Test("is there after the end of the process where the commit was")
    func committed() async throws {
        let folder = try TestFolder()
        setenv("COLLIMATOR_TEST_FOLDER", folder.path, 1)
        await #expect(processExitsWith: .signal(SIGKILL)) { try await NotificationTests.die(at: .committed) }
        try await Self.expect(1, in: folder)
    }

    @Test("is not there where the process ended before the commit")
    func uncommitted() async throws {
        let folder = try TestFolder()
        setenv("COLLIMATOR_TEST_FOLDER", folder.path, 1)
        await #expect(processExitsWith: .signal(SIGKILL)) { try await NotificationTests.die(at: .folderFlushed) }
        try await Self.expect(0, in: folder)
    }

    private static func expect(_ count: Int, in folder: TestFolder) async throws {
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            await fixture.archive.settled()
            let given = try await fixture.archive.pull(try Self.name("gateway"), countMax: 10)
            #expect(given.count == count)
            let paths = given.map { String(decoding: $0.message.data, as: UTF8.self) }
            let path = "/dicomWeb/studies/1.2.3.1/series/1.2.3.1.1/instances/1.2.3.1.1.1"
            #expect(paths.allSatisfy { $0.hasSuffix(path) })
        }
    }

    @Test(
        "has its time in the form of the upstream",
        arguments: [
            (Int64(0), "Thu, 01 Jan 1970 00:00:00 UTC"), (1_577_836_800, "Wed, 01 Jan 2020 00:00:00 UTC"),
            (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 UTC"),
        ]
    )
    func time(seconds: Int64, text: String) {
        #expect(RFC1123.text(seconds: seconds) == text)
    }

    private static func name(_ id: String) throws -> PubSubName { try #require(PubSubName(project: "p", id: id)) }

    /// Stores one instance where a topic hears of it, and does not live to tell.
    private static func die(at point: FaultPoints.Point) async throws {
        try await CrashTests.die(at: point) { fixture in
            let archive = fixture.archive
            let topic = try Self.name("images")
            try await archive.createTopic(topic, body: Array("{}".utf8))
            try await archive.createSubscription(
                try Self.name("gateway"),
                of: topic,
                SubscriptionSettings(),
                body: Array("{}".utf8)
            )
            let body = Array("{\"notificationConfigs\":[{\"pubsubTopic\":\"\(topic.topic)\"}]}".utf8)
            try await archive.updateStore(fixture.store, body: body, replacing: [])
            try await fixture.put(TestObject())
        }
    }
}
