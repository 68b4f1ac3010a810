import Catalog
import CollimatorCore
import DICOMweb
import Synchronization
import TestSupport
import Testing

@Suite("The rate of requests of the synchronisation")
struct RequestRateTests {
    @Test("is kept over time; what was saved up goes first, and no more than a second of it")
    func steady() async throws {
        let clock = PacedClock()
        let rate = clock.rate(10)
        for _ in 0..<25 {
            try await rate.settled()
            rate.made()
        }
        // Ten at once, the others one by one.
        #expect(clock.elapsed == .milliseconds(1_500))
        clock.pass(.seconds(3_600))
        let before = clock.elapsed
        for _ in 0..<11 {
            try await rate.settled()
            rate.made()
        }
        #expect(clock.elapsed - before == .milliseconds(100))
    }

    @Test("makes the background wait for what others have asked for, and not for ever")
    func debt() async throws {
        let clock = PacedClock()
        let rate = clock.rate(10)
        for _ in 0..<30 { rate.made() }
        #expect(clock.elapsed == .zero, "who counts does not wait")
        try await rate.settled()
        #expect(clock.elapsed == .milliseconds(2_100))
        for _ in 0..<1_000 { rate.made() }
        let before = clock.elapsed
        try await rate.settled()
        #expect(clock.elapsed - before == .seconds(10))
    }

    @Test("ends waiting with the task")
    func cancelled() async throws {
        let rate = RequestRate(perSecond: 1, now: { .now }, sleep: { _ in throw CancellationError() })
        rate.made()
        rate.made()
        await #expect(throws: CancellationError.self) { try await rate.settled() }
    }

    @Test("holds back a walk and its counting of suspects, and no study that somebody waits for")
    func walk() async throws {
        try await withCatalog { catalog, _ in
            let radiology = try #require(StoreName("radiology"))
            let clock = PacedClock()
            let store = PretendStore(pageSize: 5)
            store.set(try (1...60).map { try StudyEntry.made("1.2.\($0)", modalities: ["CT"]) })
            let synchronizer = try await StoreSynchronizer(
                store: radiology,
                upstream: clock.counting(store.upstream, at: 4),
                catalog: catalog
            )
            try await synchronizer.sweep()
            // 13 pages of studies and 13 of series, the empty ones included.
            let calls = store.contents.withLock { $0.calls }
            #expect(calls >= 26)
            #expect(clock.elapsed >= .milliseconds(250) * (calls - 5))
            let before = clock.elapsed
            for _ in 0..<8 { try await synchronizer.refresh(try #require(StudyUID("1.2.7"))) }
            #expect(clock.elapsed == before)

            for number in 1...12 { store.remove(try #require(StudyUID("1.2.\(number)"))) }
            try await synchronizer.sweep()
            #expect(try await catalog.count(in: radiology) == 48)
            let later = store.contents.withLock { $0.calls }
            #expect(clock.elapsed >= .milliseconds(250) * (later - 5 - 4))
        }
    }
}

/// A clock that moves where somebody sleeps, and where it is told to.
private final class PacedClock: Sendable {
    private let start = ContinuousClock.now
    private let passed = Mutex(Duration.zero)

    var elapsed: Duration { self.passed.withLock { $0 } }

    func pass(_ duration: Duration) { self.passed.withLock { $0 += duration } }

    func rate(_ perSecond: Int) -> RequestRate {
        RequestRate(perSecond: perSecond, now: { self.start + self.elapsed }, sleep: { self.pass($0) })
    }

    /// The upstream at a rate, each of its calls counted as one request.
    func counting(_ upstream: CatalogUpstream, at perSecond: Int) -> CatalogUpstream {
        let rate = self.rate(perSecond)
        var counting = upstream
        counting.rate = rate
        counting.studies = { page in
            rate.made()
            return try await upstream.studies(page)
        }
        counting.series = { page in
            rate.made()
            return try await upstream.series(page)
        }
        counting.study = { study in
            rate.made()
            return try await upstream.study(study)
        }
        counting.studyCount = {
            rate.made()
            return try await upstream.studyCount()
        }
        return counting
    }
}
