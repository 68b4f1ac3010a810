import CollimatorCore
import Foundation
import Persistence
import Testing

@testable import Audit

@Suite("Looks for an emergency", .timeLimit(.minutes(1)))
struct EmergencyLookTests {
    private static func look(
        _ fixture: AuditFixture,
        study: String = "1.2.3",
        caller: String = "client:a",
        purpose: String? = "ETREAT"
    ) -> AuditRecord {
        var record = fixture.look(study: study, caller: caller)
        record.caller.purpose = purpose
        return record
    }

    private static func untold(_ fixture: AuditFixture) async throws -> [String] {
        try await fixture.store.untoldEmergencies(limit: 100).map { "\($0.minute % 100) \($0.caller) \($0.study)" }
    }

    @Test("are to be told once for each minute, caller and study, whatever the route and the purpose are")
    func once() async throws {
        let fixture = try await AuditFixture.make()
        let first = Self.look(fixture)
        var route = Self.look(fixture, purpose: "BTG")
        route.action.route = "GET /other/{study}"
        for record in [first, route, Self.look(fixture, study: "1.2.4"), Self.look(fixture, caller: "client:b")] {
            try await fixture.log.record(record)
        }
        let minute = first.timeMilliseconds / 60_000
        let looks = try await fixture.store.untoldEmergencies(limit: 100)
        #expect(looks.allSatisfy { $0.minute == minute && $0.store == "radiology" })
        #expect(looks.map { "\($0.caller) \($0.study)" } == ["client:a 1.2.3", "client:a 1.2.4", "client:b 1.2.3"])
        try await fixture.store.noteTold(looks)
        route.action.route = "GET /third/{study}"
        try await fixture.log.record(route)
        #expect(try await Self.untold(fixture).isEmpty, "it was told in this minute")
        fixture.move(seconds: 60)
        try await fixture.log.record(Self.look(fixture))
        #expect(try await fixture.store.untoldEmergencies(limit: 100).map(\.minute) == [minute + 1])
    }

    @Test("are none where nobody says that it is one, and where nothing was shown")
    func others() async throws {
        let fixture = try await AuditFixture.make()
        for purpose in [nil, "TREAT", "etreat", "ETREAT ", "BTGX"] {
            try await fixture.log.record(Self.look(fixture, purpose: purpose))
        }
        var records = [AuditRecord](repeating: Self.look(fixture, study: "1.2.9"), count: 4)
        records[0].outcome = .refused
        records[1].outcome = .failed
        records[2].subject.study = nil
        records[3].isRepeats = true
        for record in records { try await fixture.log.record(record) }
        #expect(try await Self.untold(fixture).isEmpty)
    }

    @Test("of which the records went to the spool are told when they come from there")
    func spool() async throws {
        let fixture = try await AuditFixture.make()
        try await fixture.database(takesRecords: false)
        try await fixture.log.record(Self.look(fixture))
        #expect(try await Self.untold(fixture).isEmpty)
        try await fixture.database(takesRecords: true)
        await fixture.log.sweep()
        #expect(try await fixture.store.untoldEmergencies(limit: 100).map(\.study) == ["1.2.3"])
    }

    @Test("are not known without their records: both are in one transaction")
    func together() async throws {
        let fixture = try await AuditFixture.make()
        let record = Self.look(fixture)
        _ = try await fixture.database.write { connection in
            try connection.execute(
                "CREATE TRIGGER untellable BEFORE INSERT ON emergencyLook BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        }
        await #expect(throws: (any Error).self) { try await fixture.store.append([("a", record)]) }
        #expect(try await fixture.store.page(AuditQuery(limit: 10)).rows.isEmpty)
        _ = try await fixture.database.write { try $0.execute("DROP TRIGGER untellable") }
        for _ in 0..<2 { try await fixture.store.append([("a", record)]) }
        #expect(try await fixture.store.page(AuditQuery(limit: 10)).rows.count == 1)
        #expect(try await Self.untold(fixture).count == 1)
    }

    @Test("are told once for each minute also where the clock is set back")
    func jumpingClock() async throws {
        let fixture = try await AuditFixture.make()
        var route = Self.look(fixture)
        fixture.move(seconds: 6_000)
        try await fixture.log.record(Self.look(fixture))
        fixture.move(seconds: -6_000)
        try await fixture.log.record(Self.look(fixture))
        route.action.route = "GET /other/{study}"
        try await fixture.log.record(route)
        let minutes = try await fixture.store.untoldEmergencies(limit: 10).map(\.minute)
        #expect(minutes.count == 2 && minutes[1] - minutes[0] == 100)
    }

    @Test("call their listener: what was left from before at once, and each that is written down")
    func calls() async throws {
        let fixture = try await AuditFixture.make()
        var calls = fixture.log.emergencies.makeAsyncIterator()
        #expect(await calls.next() != nil)
        try await fixture.log.record(Self.look(fixture))
        #expect(await calls.next() != nil)
    }

    @Test("that were told long ago are forgotten, and those that were not never are")
    func forgotten() async throws {
        let fixture = try await AuditFixture.make()
        try await fixture.log.record(Self.look(fixture, study: "1.2.1"))
        try await fixture.log.record(Self.look(fixture, study: "1.2.2"))
        let old = try await fixture.store.untoldEmergencies(limit: 1)
        try await fixture.store.noteTold(old)
        fixture.move(seconds: Double(AuditStore.toldMinutes + 1) * 60)
        try await fixture.log.record(Self.look(fixture, study: "1.2.3"))
        let latest = try await fixture.store.untoldEmergencies(limit: 10).last
        try await fixture.store.noteTold([try #require(latest)])
        let kept = try await fixture.database.read { connection in
            try connection.query("SELECT study, isTold FROM emergencyLook ORDER BY study").map {
                "\(try $0.text(0)) \(try $0.integer(1))"
            }
        }
        #expect(kept == ["1.2.2 0", "1.2.3 1"])
    }
}
