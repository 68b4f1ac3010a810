import CollimatorCore
import DICOMweb
import Testing

@testable import Catalog

@Suite("Searches that look at much")
struct SearchSlotsTests {
    /// A catalog in which a search may look at few studies before it waits its turn.
    private static func with(_ body: (CatalogStore, StoreName) async throws -> Void) async throws {
        var effort = SearchEffort()
        effort.examinedFreely = 10
        effort.examinedBeforeScan = 10
        effort.candidatesMax = 5
        effort.slotWait = .zero
        try await withCatalog(effort: effort) { store, _ in
            let radiology = try #require(StoreName("radiology"))
            try await store.put(
                (1...100).map { try .made("1.2.\($0)", [(.patientName, "Doe^Number\($0)"), (.patientID, "ID\($0)")]) },
                in: radiology
            )
            try await body(store, radiology)
        }
    }

    private static func slow(_ radiology: StoreName) throws -> StudyQuery {
        let pattern = try #require(WildcardPattern("*zzq*i*"))
        return StudyQuery(stores: [radiology], conditions: [.pattern(.patientName, pattern)], limit: 10)
    }

    private static func code(_ body: () async throws -> Void) async -> CollimatorError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? CollimatorError
        }
    }

    @Test("sixteen at once beside two under way are refused in time, and what is quick is not held up")
    func beyondTheSlots() async throws {
        try await Self.with { store, radiology in
            let slow = try Self.slow(radiology)
            for _ in 0..<2 { try await store.slots.take(within: .seconds(600)) }

            let refusals = await withTaskGroup(of: CollimatorError?.self) { group in
                for _ in 0..<16 { group.addTask { await Self.code { _ = try await store.search(slow) } } }
                return await group.reduce(into: [CollimatorError?]()) { $0.append($1) }
            }
            #expect(refusals.count == 16)
            #expect(refusals.allSatisfy { $0?.code == .unavailable && $0?.retryAfterSeconds != nil })
            let study = try #require(StudyUID("1.2.7"))
            #expect(try await store.study(study, in: radiology) != nil)
            let quick = StudyQuery(stores: [radiology], conditions: [.anyOf(.patientID, ["ID7"])], limit: 10)
            #expect(try await store.search(quick).studies.map(\.study) == [study])
            var exact = quick
            exact.total = .exact
            #expect(await Self.code { _ = try await store.search(exact) }?.code == .unavailable)

            for _ in 0..<2 { store.slots.give() }
            #expect(try await store.search(slow).studies.isEmpty)
            #expect(try await store.search(exact).total == .exact(1))
        }
    }

    @Test("a slot goes to who has waited longest, and a search that failed gives its own back")
    func order() async throws {
        try await Self.with { store, radiology in
            let slow = try Self.slow(radiology)
            for _ in 0..<5 { _ = try await store.search(slow) }
            for _ in 0..<2 { try await store.slots.take(within: .zero) }
            let first = Task { try await store.slots.take(within: .seconds(600)) }
            while store.slots.waitingCount < 1 { await Task.yield() }
            let second = Task { try await store.slots.take(within: .seconds(600)) }
            while store.slots.waitingCount < 2 { await Task.yield() }

            store.slots.give()
            try await first.value
            #expect(store.slots.waitingCount == 1)
            store.slots.give()
            try await second.value
        }
    }

    @Test("who gives up leaves the line, and who finds it full does not join")
    func cancelled() async throws {
        let slots = SearchSlots(count: 1, waitingMax: 1)
        try await slots.take(within: .zero)
        let waiting = Task { try await slots.take(within: .seconds(600)) }
        while slots.waitingCount < 1 { await Task.yield() }
        let error = await Self.code { try await slots.take(within: .seconds(600)) }
        #expect(error?.code == .unavailable)

        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(slots.waitingCount == 0)
        slots.give()
        try await slots.take(within: .zero)
    }
}
