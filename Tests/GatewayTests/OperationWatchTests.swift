import Catalog
import CollimatorCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Synchronization
import Testing

@testable import Gateway

@Suite("The end of operations in the change feed")
struct OperationWatchTests {
    private static let logger = Logger(label: "test")

    /// Seconds since 1970 that move when they are told.
    private final class Clock: Sendable {
        private let seconds = Mutex(1_790_000_000.0)
        var wall: WallClock { WallClock { Date(timeIntervalSince1970: self.seconds.withLock { $0 }) } }
        func pass(_ more: Double) { self.seconds.withLock { $0 += more } }
    }

    private let clock = Clock()

    /// A gateway where a study is being deleted.
    private func deleting(_ cloud: ScriptedCloud) async throws -> (parts: GatewayParts, location: String) {
        let catalog = try TemporaryCatalog.store(clock: self.clock.wall)
        try await catalog.prepare()
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks([CloudSample.running], headers: [.contentType: "application/json"])
        })
        var gateway = try GatewayUnderTest(upstream, cloud: cloud)
        gateway.parts.catalog = StudyCatalog(catalog)
        let begun = try await gateway.request(.delete, Sample.studyPath)
        #expect(begun.status == .accepted)
        return (gateway.parts, try #require(begun.headers[.location]))
    }

    private func told(_ parts: GatewayParts) async throws -> [ChangeEvent] {
        try await parts.catalog.feed.events(after: nil, limit: 10).events
    }

    @Test(
        "an operation that has ended, well or not, is told once, to those who may see the operations of its store",
        arguments: [#","done":true,"response":{}"#, #","done":true,"error":{"code":5,"message":"words"}"#]
    )
    func ends(end: String) async throws {
        let state = Mutex(CloudSample.running)
        let cloud = ScriptedCloud { _ in
            .chunks([state.withLock { $0 }], headers: [.contentType: "application/json"])
        }
        let (parts, location) = try await self.deleting(cloud)
        let watch = parts.operationWatch
        try await watch.look(logger: Self.logger)
        #expect(try await self.told(parts).isEmpty, "it goes on")
        let asked = cloud.requests.count
        try await watch.look(logger: Self.logger)
        #expect(cloud.requests.count == asked, "it is not due yet")
        state.withLock { $0 = CloudSample.operation(end) }
        self.clock.pass(60)
        for _ in 0..<2 { try await watch.look(logger: Self.logger) }
        let events = try await self.told(parts)
        #expect(events.map(\.type) == [.operationFinished] && events[0].store?.rawValue == "radiology")
        #expect("/api/v1/operations/\(events[0].subject)" == location)
        let text = String(decoding: try events[0].cloudEvent(.uids, beginning: 1), as: UTF8.self)
        #expect(text.contains(#""links":{"operation":"\#(location)"}"#) && !text.contains("words"))
        let visibility = EventVisibility(authorizer: parts.authorizer)
        #expect(visibility.isVisible(events[0], to: .administrator))
        #expect(!visibility.isVisible(events[0], to: .client(id: "app")))
    }

    @Test("an upstream that does not answer is asked again later, and one that does not know it has ended it")
    func faults() async throws {
        let status = Mutex(503)
        let cloud = ScriptedCloud { _ in
            .chunks(["{}"], status: status.withLock { $0 }, headers: [.contentType: "application/json"])
        }
        let (parts, _) = try await self.deleting(cloud)
        let watch = parts.operationWatch
        try await watch.look(logger: Self.logger)
        #expect(try await self.told(parts).isEmpty)
        status.withLock { $0 = 404 }
        self.clock.pass(60)
        try await watch.look(logger: Self.logger)
        #expect(try await self.told(parts).map(\.type) == [.operationFinished])
    }

    @Test("a store that does not answer is asked once and holds up no other", .timeLimit(.minutes(1)))
    func silentStore() async throws {
        let (asked, tell) = AsyncStream.makeStream(of: Void.self)
        let silent = ScriptedCloud { _ in
            // It gives up only once the other store was asked, which is after it in the row.
            for await _ in asked {}
            throw CollimatorError(.unavailable, "there is no answer")
        }
        let other = ScriptedCloud { _ in
            tell.finish()
            let ended = CloudSample.operation(#","done":true,"response":{}"#, id: "3")
            return .chunks([ended], headers: [.contentType: "application/json"])
        }
        let catalog = try TemporaryCatalog.store(clock: self.clock.wall)
        try await catalog.prepare()
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let (one, two) = (try #require(StoreName("one")), try #require(StoreName("two")))
        let stores = [(one, silent), (two, other)].map { name, cloud in
            GatewayStore(
                name: name,
                resource: resource,
                upstream: ScriptedUpstream().upstream,
                healthcare: cloud.upstream
            )
        }
        let feed = ChangeFeed(catalog)
        for (number, store) in [("1", one), ("2", one), ("3", two)] {
            try await feed.awaitOperation(number, as: "op-\(number)", in: store)
            self.clock.pass(1)
        }
        let watch = OperationWatch(stores: StoreDirectory(stores), feed: feed)
        try await watch.look(logger: Self.logger)
        let told = try await feed.events(after: nil, limit: 10).events
        #expect(told.map(\.subject) == ["op-3"])
        #expect(silent.requests.count == 1 && other.requests.count == 1)
    }
}
