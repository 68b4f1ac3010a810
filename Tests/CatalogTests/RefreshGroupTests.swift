import CollimatorCore
import DICOMweb
import Dispatch
import Persistence
import Synchronization
import Testing

@testable import Catalog

@Suite("Refreshes that are written together")
struct RefreshGroupTests {
    @Test("those that wait share transactions, each gets its own outcome, and everybody is told")
    func together() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            try await catalog.put([try StudyEntry.made("1.2.1", modalities: ["CT"])], in: radiology)
            let known = try #require(StudyUID("1.2.1"))
            _ = try await catalog.keep([StudyNote(store: radiology, study: known)], setAside: [])
            let groups = Mutex<[Int]>([])
            catalog.changes.add { _, studies in groups.withLock { $0.append(studies?.count ?? 0) } }
            let refreshes =
                [
                    Self.refresh(known, in: radiology, nil, mark: 1),
                    Self.refresh(try #require(StudyUID("1.9")), in: radiology, nil),
                ]
                + (try (1...38).map { index in
                    let entry = try StudyEntry.made("1.3.\(index)", modalities: ["MR"])
                    return Self.refresh(entry.study, in: radiology, entry)
                })

            let outcomes = try await Self.writeWhileHeld(refreshes, catalog, database)

            #expect(try outcomes.map { try $0.get() } == [.deleted, nil] + Array(repeating: .created, count: 38))
            #expect(groups.withLock { $0 } == [32, 8])
            #expect(try await catalog.count(in: radiology) == 38)
            #expect(try await catalog.notices(of: radiology, limit: 10).isEmpty)
            let events = try await ChangeFeed(catalog).events(after: nil, limit: 1_000).events
            #expect(events.count { $0.type == .studyCreated } == 38)
            #expect(events.count { $0.type == .studyDeleted } == 1)
        }
    }

    @Test("one that cannot be written fails alone, and leaves nothing behind")
    func oneFails() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let entries = try (1...5).map { index in
                var entry = try StudyEntry.made("1.3.\(index)", modalities: ["MR"])
                // The same series twice.
                if index == 3 { entry.series = (entry.series ?? []) + (entry.series ?? []) }
                return entry
            }
            let outcomes = try await Self.writeWhileHeld(
                entries.map { Self.refresh($0.study, in: radiology, $0) },
                catalog,
                database
            )

            for (index, outcome) in outcomes.enumerated() where index != 2 {
                #expect(try outcome.get() == .created)
            }
            let error = #expect(throws: CollimatorError.self) { try outcomes[2].get() }
            #expect(error?.code == .conflict)
            #expect(try await catalog.count(in: radiology) == 4)
            let events = try await ChangeFeed(catalog).events(after: nil, limit: 100).events
            #expect(Set(events.compactMap(\.study?.rawValue)) == ["1.3.1", "1.3.2", "1.3.4", "1.3.5"])
        }
    }

    @Test("who is cancelled has written all the same, and a closed database fails everybody")
    func ends() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let entry = try StudyEntry.made("1.3.1", modalities: ["MR"])
            let refresh = Self.refresh(entry.study, in: radiology, entry)
            let first = Task { try await catalog.write(refresh) }
            first.cancel()
            let isThere = try await first.value == .created
            #expect(isThere)

            try await database.close()

            await #expect(throws: CollimatorError.self) { try await catalog.write(refresh) }
            await #expect(throws: CollimatorError.self) { try await catalog.write(refresh) }
        }
    }

    @Test("studies with reports that nobody has read are found by an index that holds no others")
    func unread() async throws {
        try await withCatalog { _, database in
            let plan = try await database.read { connection in
                try connection.query("EXPLAIN QUERY PLAN " + CatalogStore.selectUnread, [.integer(1), .integer(100)])
                    .map { try $0.text(3) }
            }
            #expect(plan == ["SEARCH study USING INDEX studyUnread (store=?)"])
        }
    }

    private static func refresh(
        _ study: StudyUID,
        in store: StoreName,
        _ entry: StudyEntry?,
        mark: Int64? = nil
    ) -> StudyRefresh {
        StudyRefresh(
            study: study,
            store: store,
            entry: entry,
            sweep: 0,
            renewedFrom: nil,
            silentAfter: nil,
            origin: .written,
            mark: mark
        )
    }

    /// Writes the refreshes, in this order, all of which come while somebody else is writing.
    private static func writeWhileHeld(
        _ refreshes: [StudyRefresh],
        _ catalog: CatalogStore,
        _ database: Database
    ) async throws -> [Result<StudyChangeNotice.Kind?, any Error>] {
        let released = DispatchSemaphore(value: 0)
        let hasBegun = Mutex(false)
        let holding = Task {
            try await database.write { _ in
                hasBegun.withLock { $0 = true }
                released.wait()
            }
        }
        while !hasBegun.withLock({ $0 }) { await Task.yield() }
        var writing: [Task<StudyChangeNotice.Kind?, any Error>] = []
        for refresh in refreshes {
            writing.append(Task { try await catalog.write(refresh) })
            while catalog.refreshes.count < writing.count { await Task.yield() }
        }
        released.signal()
        try await holding.value
        var outcomes: [Result<StudyChangeNotice.Kind?, any Error>] = []
        for task in writing { outcomes.append(await task.result) }
        return outcomes
    }
}
