import CollimatorCore
import Foundation
import Testing

@testable import Audit

@Suite("The audit's log", .timeLimit(.minutes(1)))
struct AuditLogTests {
    @Test("keeps a record with everything in it")
    func record() async throws {
        let fixture = try await AuditFixture.make()
        var record = fixture.look()
        record.subject.series = "1.2.3.4"
        record.subject.instance = "1.2.3.4.5"
        try await fixture.log.record(record)
        let page = try await fixture.store.page(AuditQuery(limit: 10))
        #expect(page.rows.map(\.record) == [record])
        #expect(page.next == nil)
    }

    @Test("counts the repeats of a look within a minute, and writes the count when it is over")
    func repeats() async throws {
        let fixture = try await AuditFixture.make()
        let first = fixture.look(request: "first")
        #expect(!fixture.log.count(first))
        try await fixture.log.record(first)
        fixture.move(seconds: 10)
        for _ in 0..<5 { #expect(fixture.log.count(fixture.look(request: "again"))) }
        #expect(!fixture.log.count(fixture.look(study: "1.2.4")), "another study is another look")
        #expect(!fixture.log.count(fixture.look(caller: "client:b")), "another caller is another look")
        fixture.move(seconds: 60)
        #expect(!fixture.log.count(fixture.look()), "another minute is another look")
        try await fixture.log.record(fixture.look(request: "second"))
        try await fixture.log.flush()
        let records = try await fixture.store.page(AuditQuery(limit: 10)).rows.map(\.record)
        #expect(records.map(\.count).sorted() == [1, 1, 5])
        let counted = try #require(records.first { $0.isRepeats })
        #expect(counted.requestID == "first")
        #expect(counted.timeMilliseconds == first.timeMilliseconds + 10_000)
        #expect(counted.subject.patient == first.subject.patient)
    }

    @Test("writes one record of looks that come together, and lets none go before it is written")
    func together() async throws {
        let fixture = try await AuditFixture.make()
        let record = fixture.look()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await fixture.log.record(record)
                    let rows = try await fixture.store.page(AuditQuery(limit: 10)).rows
                    #expect(rows.contains { !$0.record.isRepeats })
                }
            }
            try await group.waitForAll()
        }
        try await fixture.log.flush()
        let records = try await fixture.store.page(AuditQuery(limit: 10)).rows.map(\.record)
        #expect(records.map(\.count).reduce(0, +) == 50)
        #expect(records.count == 2)
    }

    @Test("goes to the spool while the database takes nothing, and from there into the database")
    func spool() async throws {
        let fixture = try await AuditFixture.make()
        try await fixture.database(takesRecords: false)
        try await fixture.log.record(fixture.look(study: "1.2.1"))
        try await fixture.log.record(fixture.look(study: "1.2.2"))
        #expect(try fixture.spool.records().map(\.record.subject.study) == ["1.2.1", "1.2.2"])
        try await fixture.database(takesRecords: true)
        await fixture.log.sweep()
        #expect(fixture.spool.isEmpty)
        let rows = try await fixture.store.page(AuditQuery(limit: 10)).rows
        #expect(rows.map(\.record.subject.study) == ["1.2.2", "1.2.1"])
        #expect(rows.last?.record == fixture.look(study: "1.2.1"))
        #expect(try await fixture.store.verify().brokenAt == nil)
    }

    @Test("case 46: refuses when the spool is full too, drops nothing it took, and recovers")
    func full() async throws {
        var configuration = AuditConfiguration()
        configuration.spoolBytesMax = 1_000
        let fixture = try await AuditFixture.make(configuration)
        try await fixture.database(takesRecords: false)
        var taken: [String] = []
        var refused: String?
        for number in 1...20 where refused == nil {
            let study = "1.2.\(number)"
            do {
                try await fixture.log.record(fixture.look(study: study))
                taken.append(study)
            } catch {
                #expect((error as? CollimatorError)?.code == .unavailable)
                refused = study
            }
        }
        #expect(!taken.isEmpty)
        let study = try #require(refused)
        #expect(!fixture.log.count(fixture.look(study: study)), "what was not written is no first look")
        await #expect(throws: CollimatorError.self) { try await fixture.log.admit() }
        try await fixture.database(takesRecords: true)
        try await fixture.log.admit()
        try await fixture.log.record(fixture.look(study: study))
        let rows = try await fixture.store.page(AuditQuery(limit: 100)).rows
        #expect(rows.reversed().map(\.record.subject.study) == taken + [study])
    }

    @Test("takes a line of the spool once, and none that was cut off by the end of the process")
    func crash() async throws {
        let fixture = try await AuditFixture.make()
        let batch = [(id: "a", record: fixture.look(study: "1.2.1")), (id: "b", record: fixture.look(study: "1.2.2"))]
        try await fixture.store.append([batch[0]])
        try fixture.spool.append(batch)
        let file = try FileHandle(forWritingTo: URL(filePath: fixture.spool.path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(#"{"id":"c","ti"#.utf8))
        try file.close()
        try fixture.spool.repair()
        #expect(try fixture.spool.records().map(\.id) == ["a", "b"])
        await fixture.log.sweep()
        #expect(try await fixture.store.page(AuditQuery(limit: 10)).rows.map(\.id) == ["b", "a"])
    }

    @Test("deletes what is older than is wanted, and the chain goes on from there")
    func retention() async throws {
        let fixture = try await AuditFixture.make(AuditConfiguration(retentionDays: 1))
        for number in 1...5 { try await fixture.log.record(fixture.look(study: "1.2.\(number)")) }
        fixture.move(seconds: 20 * 60 * 60)
        try await fixture.log.record(fixture.look(study: "1.2.6"))
        fixture.move(seconds: 5 * 60 * 60)
        await fixture.log.sweep()
        #expect(try await fixture.store.page(AuditQuery(limit: 10)).rows.map(\.record.subject.study) == ["1.2.6"])
        let verification = try await fixture.store.verify()
        #expect(verification.brokenAt == nil)
        #expect(verification.records == 1)
        #expect(verification.head.number == 6)
    }
}
