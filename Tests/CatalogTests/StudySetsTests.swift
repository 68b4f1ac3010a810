import CollimatorCore
import DICOMweb
import Persistence
import Testing

@testable import Catalog

@Suite("Studies of a value in memory")
struct StudySetsTests {
    @Test("a set has what was put, taken out or far away, and knows how many")
    func bits() {
        var set = StudySet()
        for study: Int64 in [1, 63, 64, 1_000_000] { set.insert(study) }
        #expect(set.contains(1) && set.contains(63) && set.contains(64) && set.contains(1_000_000))
        #expect(!set.contains(0) && !set.contains(2) && !set.contains(65) && !set.contains(2_000_000))
        #expect(set.remove(64) && !set.remove(64) && !set.remove(5_000_000) && !set.insert(63))
        #expect(!set.contains(64) && set.contains(63))
        #expect(set.members() == [1, 63, 1_000_000] && set.members(upTo: 2) == [1, 63] && set.count == 3)
    }

    @Test("what two sets have in common, and together, is counted anew")
    func combined() {
        var few = StudySet()
        var many = StudySet()
        for study: Int64 in [3, 70] { few.insert(study) }
        for study: Int64 in [3, 4, 900] { many.insert(study) }
        var both = many
        both.formIntersection(few)
        #expect(both.members() == [3] && both.count == 1)
        var either = few
        either.formUnion(many)
        #expect(either.members() == [3, 4, 70, 900] && either.count == 4)
    }

    @Test("searches see every change of a study's modalities at once, whatever is kept in memory")
    func following() async throws {
        var effort = SearchEffort()
        effort.candidatesBeforeSets = 0
        try await withCatalog(effort: effort) { catalog, _ in
            let radiology = try #require(StoreName("radiology"))
            func entry(_ number: Int, _ modalities: [String]) throws -> StudyEntry {
                try StudyEntry.made("1.2.\(number)", [(.patientName, "Doe^\(number)")], modalities: modalities)
            }
            func found(_ modalities: [String]) async throws -> [String] {
                let page = try await catalog.search(
                    StudyQuery(
                        stores: [radiology],
                        visibility: .everything,
                        conditions: [.words(.patientName, ["doe"]), .anyOf(.modality, modalities)],
                        limit: 100
                    )
                )
                #expect(page.total == .exact(page.studies.count))
                return page.studies.map(\.study.rawValue).sorted()
            }
            try await catalog.put(
                [try entry(1, ["CT"]), try entry(2, ["MR"]), try entry(3, ["CT", "SR"])],
                in: radiology
            )
            #expect(try await found(["CT"]) == ["1.2.1", "1.2.3"])
            #expect(try await found(["CT", "mr"]) == ["1.2.1", "1.2.2", "1.2.3"])
            #expect(try await found([]).isEmpty)
            try await catalog.put([try entry(2, ["CT"]), try entry(1, ["MR"]), try entry(4, ["CT"])], in: radiology)
            #expect(try await found(["CT"]) == ["1.2.2", "1.2.3", "1.2.4"])
            #expect(try await found(["MR"]) == ["1.2.1"])
            let four = try #require(StudyUID("1.2.4"))
            try await catalog.remove(four, from: radiology)
            #expect(try await found(["CT"]) == ["1.2.2", "1.2.3"])
        }
    }

    private static let ct = StudySets.Key(attributes: [.modality], bounds: .equal("ct"))

    private static func moment(_ connection: any SQLConnection) throws -> StudySets.Moment {
        var numbers: [String: Int64] = [:]
        for row in try connection.query("SELECT name, value FROM counter") {
            numbers[try row.text(0)] = try row.integer(1)
        }
        let count = try connection.queryOne("SELECT COUNT(*) FROM study")?.integer(0) ?? 0
        return StudySets.Moment(change: numbers["change"] ?? 0, gone: (numbers["study"] ?? 0) - count)
    }

    @Test("a read of the state before the last is answered from the set of that, and an older one from none")
    func older() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let sets = StudySets(windowRows: 100)
            @Sendable func members(at moment: StudySets.Moment) async throws -> [Int64]? {
                try await database.read { connection in
                    let end = ContinuousClock.now + .seconds(60)
                    return try sets.studies(Self.ct, at: moment, on: connection, until: end)?.studies.members()
                }
            }
            let beginning = try await database.read { try Self.moment($0) }
            try await catalog.put([try StudyEntry.made("1.2.1", modalities: ["CT"])], in: radiology)
            let first = try await database.read { try Self.moment($0) }
            #expect(try await members(at: first) == [1])
            try await catalog.put([try StudyEntry.made("1.2.2", modalities: ["CT"])], in: radiology)
            try await catalog.put([try StudyEntry.made("1.2.1", modalities: ["MR"])], in: radiology)
            let second = try await database.read { try Self.moment($0) }
            #expect(try await members(at: second) == [2])
            #expect(try await members(at: first) == [1])
            #expect(try await members(at: beginning) == nil)
            #expect(try await members(at: second) == [2])
        }
    }

    @Test("a set that takes long is made a piece at a time, and is right though studies change, come and go meanwhile")
    func piecemeal() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let sets = StudySets(windowRows: 3)
            func put(_ numbers: ClosedRange<Int>, _ modality: String) async throws {
                try await catalog.put(
                    try numbers.map { try StudyEntry.made("1.2.\($0)", modalities: [modality]) },
                    in: radiology
                )
            }
            // The time is up at once: each call makes one window.
            func piece() async throws -> [Int64]? {
                try await database.read { connection in
                    let moment = try Self.moment(connection)
                    return try sets.studies(Self.ct, at: moment, on: connection, until: .now)?.studies.members()
                }
            }
            try await put(1...10, "CT")
            #expect(try await piece() == nil)
            // One that was read already, and one that was not; one more; and one that goes.
            try await put(1...1, "MR")
            try await put(9...9, "MR")
            try await put(11...12, "CT")
            try await catalog.remove(try #require(StudyUID("1.2.10")), from: radiology)
            var found: [Int64]?
            var calls = 0
            while found == nil, calls < 10 {
                found = try await piece()
                calls += 1
            }
            #expect(calls > 1)
            #expect(found?.filter { $0 != 10 } == [2, 3, 4, 5, 6, 7, 8, 11, 12])
        }
    }

    @Test("a whole set is not given up for one that is not whole yet")
    func wholeStays() async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let sets = StudySets(windowRows: 3)
            let studies = try (1...10).map { try StudyEntry.made("1.2.\($0)", modalities: ["CT"]) }
            try await catalog.put(studies, in: radiology)
            let piece = try await database.read { connection in
                let moment = try Self.moment(connection)
                let earlier = StudySets.Moment(change: moment.change - 1, gone: moment.gone)
                // While one search makes a piece of the set, another that sees a little less makes all of it.
                let interrupted = InterruptedConnection(base: connection) {
                    let whole = try sets.studies(
                        Self.ct,
                        at: earlier,
                        on: connection,
                        until: .now + .seconds(60),
                        insists: true
                    )
                    #expect(whole?.studies.count == 10)
                }
                return try sets.studies(Self.ct, at: moment, on: interrupted, until: .now)?.studies.members()
            }
            #expect(piece == nil)
            #expect(sets.count(Self.ct) == 10)
        }
    }

    @Test("a set that too many studies have changed under is not begun anew at once", arguments: [true, false])
    func thrownAway(rests: Bool) async throws {
        try await withCatalog { catalog, database in
            let radiology = try #require(StoreName("radiology"))
            let sets = StudySets(windowRows: 3, rest: rests ? .seconds(3_600) : .zero)
            func members(until end: ContinuousClock.Instant, insists: Bool = false) async throws -> Int? {
                try await database.read { connection in
                    let moment = try Self.moment(connection)
                    return try sets.studies(Self.ct, at: moment, on: connection, until: end, insists: insists)?.studies
                        .count
                }
            }
            try await catalog.put(
                try (1...10).map { try StudyEntry.made("1.2.\($0)", modalities: ["CT"]) },
                in: radiology
            )
            #expect(try await members(until: .now) == nil)
            try await catalog.put(try (1...1_100).map { try StudyEntry.made("1.3.\($0)") }, in: radiology)

            #expect(try await members(until: .now + .seconds(60)) == nil)
            #expect(try await members(until: .now + .seconds(60)) == (rests ? nil : 10))
            #expect(try await members(until: .now, insists: true) == (rests ? nil : 10))
            #expect(try await members(until: .now + .seconds(60), insists: true) == 10)
        }
    }
}

/// Does something else before the first pairs of rows are read.
private final class InterruptedConnection: SQLConnection {
    private let base: any SQLConnection
    private var interruption: (() throws -> Void)?

    init(base: any SQLConnection, _ interruption: @escaping () throws -> Void) {
        self.base = base
        self.interruption = interruption
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try self.base.execute(sql, arguments) }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        try self.base.forEach(sql, arguments, body)
    }

    func forEachPair(_ sql: String, _ arguments: [SQLValue], _ body: (Int64, Int64) throws -> Void) throws {
        let interruption = self.interruption
        self.interruption = nil
        try interruption?()
        try self.base.forEachPair(sql, arguments, body)
    }
}

@Suite("Searches for several common values")
struct CommonValuesTests {
    /// Studies of the chest by Smith, and of the head by others; one in twenty is of both.
    private static func fill(_ catalog: CatalogStore, _ store: StoreName, count: Int = 600) async throws {
        try await catalog.put(
            try (1...count).map { index in
                let (name, part) = index % 2 == 0 ? ("Smith^John", "CT CHEST") : ("Jones^Ann", "MR HEAD")
                let description = index % 20 == 1 ? "CT CHEST AND HEAD" : part
                return try StudyEntry.made(
                    "1.2.\(index)",
                    [(.patientName, name), (.studyDescription, description), (.studyDate, "20260105")],
                    modalities: [index % 2 == 0 ? "CT" : "MR"]
                )
            },
            in: store
        )
    }

    private static func query(_ stores: [StoreName], _ words: [String], limit: Int = 3) -> StudyQuery {
        StudyQuery(stores: stores, visibility: .everything, conditions: [.text(words)], limit: limit)
    }

    /// Time enough on a busy machine.
    private static var patient: SearchEffort {
        var effort = SearchEffort()
        effort.setTime = .seconds(60)
        effort.freeSetTime = .seconds(60)
        effort.searchTime = .seconds(60)
        effort.freeTime = .seconds(60)
        effort.totalTime = .seconds(60)
        effort.exactTotalTime = .seconds(60)
        return effort
    }

    /// A search that looks at little, so that a walk along all studies is refused.
    private static var effort: SearchEffort {
        var effort = self.patient
        effort.examinedMax = 200
        effort.examinedFreely = 200
        effort.examinedForTotalMax = 200
        effort.candidatesMax = 100
        effort.candidatesBeforeSets = 100
        return effort
    }

    @Test("two common words without a study in common are answered at once, and without sets they are refused")
    func disjoint() async throws {
        let radiology = try #require(StoreName("radiology"))
        try await withCatalog(effort: Self.effort) { catalog, _ in
            try await Self.fill(catalog, radiology)
            let page = try await catalog.search(Self.query([radiology], ["smith", "head"]))
            #expect(page.studies.isEmpty && page.total == .exact(0) && page.next == nil)
        }
        var without = Self.effort
        without.candidatesBeforeSets = 100_000
        try await withCatalog(effort: without) { catalog, _ in
            try await Self.fill(catalog, radiology)
            let error = await #expect(throws: CollimatorError.self) {
                try await catalog.search(Self.query([radiology], ["smith", "head"]))
            }
            #expect(error?.code == .unprocessable)
        }
    }

    @Test("two words with few studies in common are listed to the end, in any order, with the right total")
    func fewInCommon() async throws {
        let radiology = try #require(StoreName("radiology"))
        try await withCatalog(effort: Self.effort) { catalog, _ in
            try await Self.fill(catalog, radiology)
            for key in StudyOrder.Key.allCases {
                var query = Self.query([radiology], ["chest", "jones"])
                query.order = StudyOrder(key, isDescending: key == .change)
                var found: [Int64] = []
                repeat {
                    let page = try await catalog.search(query)
                    #expect(page.total == .exact(30))
                    found += page.studies.map(\.number)
                    query.after = page.next
                } while query.after != nil && found.count < 100
                let expected = (0..<30).map { Int64($0 * 20 + 1) }
                #expect(found == (key == .change ? expected.reversed() : expected))
            }
        }
    }

    @Test("totals leave out what has gone, and what is in another store or on another day")
    func totals() async throws {
        let radiology = try #require(StoreName("radiology"))
        let trial = try #require(StoreName("trial"))
        try await withCatalog(effort: Self.patient) { catalog, _ in
            try await Self.fill(catalog, radiology)
            var query = Self.query([radiology], ["chest", "jones"])
            query.total = .exact
            #expect(try await catalog.search(query).total == .exact(30))
            try await catalog.remove(try #require(StudyUID("1.2.21")), from: radiology)
            #expect(try await catalog.search(query).total == .exact(29))
            query.total = .bounded
            #expect(try await catalog.search(query).total == .exact(29))
            try await Self.fill(catalog, trial, count: 300)
            #expect(try await catalog.search(query).total == .exact(29))
            query.stores = [trial, radiology]
            #expect(try await catalog.search(query).total == .exact(44))
            query.conditions.append(.days(from: 20_260_106, to: nil))
            let page = try await catalog.search(query)
            #expect(page.total == .exact(0) && page.studies.isEmpty)
        }
    }

    @Test("a total stays exact when what was counted for it is kept in memory")
    func sameTotal() async throws {
        let radiology = try #require(StoreName("radiology"))
        try await withCatalog { catalog, _ in
            try await Self.fill(catalog, radiology)
            // The last of the conditions is not decided by the sets that the others make.
            let words = [StudyCondition.text(["smith"]), .text(["chest"])]
            for conditions in [words + [.updatedSince(milliseconds: 0)], [words[0]]] {
                let query = StudyQuery(
                    stores: [radiology],
                    visibility: .everything,
                    conditions: conditions,
                    limit: 3
                )
                for _ in 0..<3 { #expect(try await catalog.search(query).total == .exact(300)) }
            }
        }
    }

    @Test("a set that is kept says nothing of how many studies have the value by now")
    func grown() async throws {
        let radiology = try #require(StoreName("radiology"))
        var effort = SearchEffort()
        effort.examinedForTotalMax = 400
        effort.candidatesMax = 400
        effort.setTime = .seconds(60)
        try await withCatalog { [effort] catalog, database in
            let sets = StudySets(windowRows: 1_000)
            let query = Self.query([radiology], ["smith", "chest"])
            func counts() async throws -> [Int?] {
                try await database.read { connection in
                    let run = try #require(try StudySearchRun(query, effort: effort, on: connection, sets: sets))
                    let planner = try SearchPlanner(run)
                    return [planner.best?.count, planner.run.known?.members.count]
                }
            }
            try await Self.fill(catalog, radiology)
            #expect(try await counts() == [300, 300])
            // With the studies that are there already, a thousand times both words.
            try await Self.fill(catalog, radiology, count: 2_000)
            #expect(try await counts() == [401, 1_000])
            #expect(try await counts() == [401, 1_000])
        }
    }

    @Test("a search whose sets take too long goes on without them, and a later one has them")
    func outOfTime() async throws {
        let radiology = try #require(StoreName("radiology"))
        var effort = Self.effort
        effort.setTime = .zero
        effort.setWindowRows = 64
        try await withCatalog(effort: effort) { catalog, _ in
            try await Self.fill(catalog, radiology)
            // Many have both, so that any plan comes upon them.
            for _ in 0..<40 {
                #expect(try await catalog.search(Self.query([radiology], ["chest", "smith"])).studies.count == 3)
            }
            for _ in 0..<40 {
                do {
                    let page = try await catalog.search(Self.query([radiology], ["smith", "head"]))
                    #expect(page.studies.isEmpty && page.total == .exact(0))
                } catch let error as CollimatorError where error.code == .unprocessable {
                    // A set that is being made yet.
                }
            }
            let page = try await catalog.search(Self.query([radiology], ["smith", "head"]))
            #expect(page.studies.isEmpty && page.total == .exact(0))
        }
    }
}
