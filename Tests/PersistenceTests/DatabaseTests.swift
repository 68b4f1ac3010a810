import CollimatorCore
import Dispatch
import Glibc
import Persistence
import Testing

@Suite("Database")
struct DatabaseTests {
    @Test("gives every kind of value back as it was written")
    func valuesRoundTrip() async throws {
        let values: [SQLValue] = [
            .null, .integer(.min), .integer(.max), .real(-0.5), .text(""), .text("山田^太郎\u{0}x"), .blob([]),
            .blob([0, 255, 0]), .text(String(repeating: "ä", count: 10_000)),
        ]
        try await withDatabase { database, _ in
            for value in values {
                let rows = try await database.read { try $0.query("SELECT ?1", [value]) }
                #expect(rows == [SQLRow(values: [value])])
            }
        }
    }

    @Test("binds parameters by their number, in any order and more than once")
    func parameterNumbers() async throws {
        try await withDatabase { database, _ in
            let row = try await database.read { try $0.queryOne("SELECT ?2, ?1, ?2", ["a", "b"]) }
            #expect(row?.values == ["b", "a", "b"])
        }
    }

    @Test("refuses too few and too many arguments", arguments: [[], ["a"], ["a", "b", "c"]] as [[SQLValue]])
    func argumentCount(arguments: [SQLValue]) async throws {
        try await withDatabase { database, _ in
            let failure = await code { _ = try await database.read { try $0.query("SELECT ?1, ?2", arguments) } }
            #expect(failure == .internalError)
        }
    }

    @Test("keeps nothing of a transaction that throws")
    func rollback() async throws {
        struct Stop: Error {}
        try await withDatabase { database, _ in
            await #expect(throws: Stop.self) {
                try await database.write { connection in
                    try connection.execute("INSERT INTO item (name, size) VALUES ('a', 1)")
                    throw Stop()
                }
            }
            let count = try await database.read { try $0.queryOne("SELECT count(*) FROM item")?.integer(0) }
            #expect(count == 0)
        }
    }

    @Test("counts the rows that a statement changed")
    func changes() async throws {
        try await withDatabase { database, _ in
            let counts = try await database.write { connection in
                [
                    try connection.execute("INSERT INTO item (name, size) VALUES ('a', 1), ('b', 2)"),
                    try connection.execute("UPDATE item SET size = 3"),
                    try connection.execute("UPDATE item SET size = 4 WHERE name = 'c'"),
                    try connection.execute("DELETE FROM item WHERE name = 'a'"),
                ]
            }
            #expect(counts == [2, 2, 0, 1])
        }
    }

    @Test("runs a statement inside the rows of the same statement")
    func nestedStatement() async throws {
        try await withDatabase { database, _ in
            let pairs = try await database.write { connection in
                try connection.execute("INSERT INTO item (name, size) VALUES ('a', 1), ('b', 2)")
                var pairs: [String] = []
                try connection.forEach("SELECT name FROM item ORDER BY name", []) { outer in
                    try connection.forEach("SELECT name FROM item ORDER BY name", []) { inner in
                        pairs.append(try outer.text(0) + inner.text(0))
                    }
                }
                return pairs
            }
            #expect(pairs == ["aa", "ab", "ba", "bb"])
        }
    }

    @Test("answers reads from one state while a write is under way")
    func snapshot() async throws {
        try await withDatabase { database, _ in
            try await database.write { _ = try $0.execute("INSERT INTO item (name, size) VALUES ('a', 1)") }
            let isReading = DispatchSemaphore(value: 0)
            let isWritten = DispatchSemaphore(value: 0)
            async let counts = database.read { connection in
                let before = try connection.queryOne("SELECT count(*) FROM item")?.integer(0)
                isReading.signal()
                isWritten.wait()
                return [before, try connection.queryOne("SELECT count(*) FROM item")?.integer(0)]
            }
            try await database.write { connection in
                isReading.wait()
                try connection.execute("INSERT INTO item (name, size) VALUES ('b', 1)")
            }
            isWritten.signal()
            let seen = try await counts
            #expect(seen == [1, 1])
        }
    }

    @Test("commits through to the disk on a write-ahead log")
    func durability() async throws {
        try await withDatabase { database, _ in
            let settings = try await database.write { connection in
                try ["PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys"].map {
                    try connection.queryOne($0)?.values.first
                }
            }
            // 2 is FULL: the log is flushed at every commit.
            #expect(settings == [.text("wal"), .integer(2), .integer(1)])
        }
    }

    @Test("gives pairs of integers without a row, and refuses other types")
    func pairs() async throws {
        try await withDatabase { database, _ in
            let sums = try await database.read { connection in
                var sums: [Int64] = []
                let sql = "SELECT ?1, 2, 'more' UNION ALL SELECT -9223372036854775808, 0, NULL ORDER BY 2"
                try connection.forEachPair(sql, [.integer(Int64.max)]) { sums += [$0, $1] }
                return sums
            }
            #expect(sums == [.min, 0, .max, 2])
            for value in [SQLValue.null, .text("1"), .real(1)] {
                let failure = await code {
                    try await database.read { try $0.forEachPair("SELECT 1, ?1", [value]) { _, _ in } }
                }
                #expect(failure == .internalError)
            }
        }
    }

    @Test("the log begins anew though there is always somebody who reads")
    func log() async throws {
        let pages = 32
        try await withDatabase(readerCount: 3, checkpointPages: pages) { database, path in
            let largest = try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        // A read takes some milliseconds, and the next begins at once.
                        let sql = """
                            WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < ?1)
                            SELECT max(n) FROM c
                            """
                        while !Task.isCancelled {
                            _ = try await database.read { connection in
                                _ = try connection.queryOne("SELECT count(*) FROM item")
                                return try connection.queryOne(sql, [.integer(20_000)])
                            }
                        }
                    }
                }
                defer { group.cancelAll() }
                var largest = 0
                for number in 0..<300 {
                    _ = try await database.write { connection in
                        try connection.execute(
                            "INSERT INTO item (name, size, more) VALUES (?1, 1, ?2)",
                            [.text("\(number)"), .blob(Array(repeating: 7, count: 20_000))]
                        )
                    }
                    var status = stat()
                    try #require(stat(path + "-wal", &status) == 0)
                    largest = max(largest, Int(status.st_size))
                }
                return largest
            }
            // Each of the 300 writes adds some six pages: 1,800 without an end.
            // Twice four times the length at which it is copied, and what was written before.
            #expect(largest < 12 * pages * 4_120)
            let count = try await database.read { try $0.queryOne("SELECT count(*) FROM item")?.integer(0) }
            #expect(count == 300)
        }
    }

    @Test("one read that goes on and on holds up the writers for a moment, and ever more rarely")
    func longRead() async throws {
        try await withDatabase(checkpointPages: 4) { database, _ in
            let isReading = DispatchSemaphore(value: 0)
            let isWritten = DispatchSemaphore(value: 0)
            async let seen = database.read { connection in
                let count = try connection.queryOne("SELECT count(*) FROM item")?.integer(0)
                isReading.signal()
                isWritten.wait()
                return count
            }
            defer { isWritten.signal() }
            try await database.write { _ in isReading.wait() }
            let duration = try await ContinuousClock().measure {
                // Each adds at least five pages, more than are let grow: a wait after each would make 40.
                for number in 0..<40 {
                    _ = try await database.write { connection in
                        try connection.execute(
                            "INSERT INTO item (name, size, more) VALUES (?1, 1, ?2)",
                            [.text("\(number)"), .blob(Array(repeating: 7, count: 20_000))]
                        )
                    }
                }
            }
            // Six waits or seven, none longer than half a second. Forty of these, or four of five seconds each, are more.
            #expect(duration < .seconds(15))
            isWritten.signal()
            #expect(try await seen == 0)
        }
    }

    @Test("a read whose task is cancelled ends: within a statement, and before the next one", arguments: [true, false])
    func cancellation(isWithinStatement: Bool) async throws {
        try await withDatabase { database, _ in
            let hasBegun = DispatchSemaphore(value: 0)
            let isCancelled = DispatchSemaphore(value: 0)
            // Nothing but an interruption would end the first; the second is one short statement after another.
            let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
            let reading = Task {
                try await database.read { connection in
                    hasBegun.signal()
                    guard isWithinStatement else {
                        isCancelled.wait()
                        return try connection.queryOne("SELECT 1")
                    }
                    return try connection.queryOne(endless)
                }
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    hasBegun.wait()
                    continuation.resume()
                }
            }
            reading.cancel()
            isCancelled.signal()
            await #expect(throws: CancellationError.self) { try await reading.value }
            let next = try await database.read { try $0.queryOne("SELECT 1") }
            #expect(next?.values == [1], "the connection is as good as before")
        }
    }

    @Test("reads the file in place as far as it is told to")
    func mapping() async throws {
        try await withDatabase { _, path in
            var configuration = DatabaseConfiguration(path: path, readerCacheKiB: 512, mappedMiB: 3)
            let mapped = try Database.open(configuration)
            let settings = try await mapped.read { connection in
                try ["PRAGMA mmap_size", "PRAGMA cache_size"].map { try connection.queryOne($0)?.integer(0) }
            }
            try await mapped.close()
            #expect(settings == [3 * 1_048_576, -512])
            configuration.mappedMiB = 0
            let copied = try Database.open(configuration)
            let none = try await copied.read { try $0.queryOne("PRAGMA mmap_size") }
            #expect(none?.values == [0])
            try await copied.close()
        }
    }

    @Test("keeps what was committed when it is opened again")
    func reopening() async throws {
        try await withDatabase { database, path in
            try await database.write { _ = try $0.execute("INSERT INTO item (name, size) VALUES ('a', 1)") }
            try await database.checkpoint()
            let second = try Database.open(DatabaseConfiguration(path: path))
            let name = try await second.read { try $0.queryOne("SELECT name FROM item")?.text(0) }
            try await second.close()
            #expect(name == "a")
        }
    }
}
