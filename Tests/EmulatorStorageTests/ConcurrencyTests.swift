@testable import EmulatorStorage
import Synchronization
import Testing

@Suite("Many stores at the same time")
struct ConcurrencyTests {
    @Test("each object is stored once and whole, and the counts agree")
    func parallel() async throws {
        try await ArchiveFixture.with { fixture in
            try await withThrowingTaskGroup(of: StoreOutcome.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let object = TestObject(study: number % 5, series: number % 7, instance: number)
                        return try await fixture.upload(try object.bytes())
                    }
                }
                for try await outcome in group {
                    #expect(outcome.storedInstance != nil)
                }
            }
            let found = try await fixture.search(.instance)
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(found.count == 200)
            #expect(metrics.instanceCount == 200 && metrics.seriesCount == 35 && metrics.studyCount == 5)
            #expect(try fixture.files().count == 200)
            #expect(try fixture.spooled().isEmpty)
        }
    }

    @Test(
        "of the same UID with different bytes exactly one wins, of the same bytes all agree",
        arguments: [true, false]
    )
    func race(isSame: Bool) async throws {
        try await ArchiveFixture.with { fixture in
            let outcomes = try await withThrowingTaskGroup(of: StoreOutcome.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let object = TestObject(comment: isSame ? "" : "\(number)")
                        return try await fixture.upload(try object.bytes())
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0.storedInstance != nil } == 1)
            #expect(outcomes.count { $0.identicalInstance != nil } == (isSame ? 39 : 0))
            #expect(outcomes.count { $0.refusal == .alreadyExistsDifferent } == (isSame ? 0 : 39))
            #expect(try fixture.files().count == 1)
        }
    }

    @Test("stores, searches and deletions of the same studies leave files and rows that agree")
    func mixture() async throws {
        try await ArchiveFixture.with { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<120 {
                    let object = TestObject(study: number % 3, series: number % 2, instance: number / 6)
                    group.addTask { _ = try await fixture.upload(try object.bytes()) }
                    group.addTask { _ = try await fixture.search(.instance) }
                    guard number % 10 == 0 else { continue }
                    group.addTask {
                        let scope = try object.scope(in: fixture.store)
                        do {
                            try await fixture.archive.delete(number % 20 == 0 ? scope.study : scope.series)
                        } catch ArchiveError.notFound {
                            // Nothing of it has been stored yet, or another deletion came first.
                        }
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await fixture.search(.instance, limit: 10_000)
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(try fixture.files().count == rows.count)
            #expect(metrics.instanceCount == Int64(rows.count))
            let studies = try await fixture.search(.study)
            let series = try await fixture.search(.series)
            #expect(metrics.studyCount == Int64(studies.count))
            #expect(metrics.seriesCount == Int64(series.count))
        }
    }

    @Test("stores that wait together are committed together")
    func groups() async throws {
        let commits = Atomic<Int>(0)
        let faults = FaultPoints { point in
            if point == .committed { commits.add(1, ordering: .relaxed) }
        }
        let folder = try TestFolder()
        try await ArchiveFixture.with(directory: folder.path, faults: faults) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask { try await fixture.put(TestObject(instance: number)) }
                }
                try await group.waitForAll()
            }
        }
        #expect(commits.load(ordering: .relaxed) < 100)
        withExtendedLifetime(folder) {}
    }
}
