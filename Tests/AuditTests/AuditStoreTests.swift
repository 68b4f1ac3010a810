import CollimatorCore
import Persistence
import Testing

@testable import Audit

@Suite("The audit's records", .timeLimit(.minutes(1)))
struct AuditStoreTests {
    @Test(
        "shows any change of any record",
        arguments: [
            ("UPDATE auditRecord SET caller = 'client:b' WHERE number = 3", Int64(3)),
            ("UPDATE auditRecord SET patientID = NULL WHERE number = 2", 2),
            ("UPDATE auditRecord SET count = 2 WHERE number = 5", 5),
            ("DELETE FROM auditRecord WHERE number = 4", 4),
            ("UPDATE auditRecord SET number = 9 WHERE number = 5", 5),
            ("DELETE FROM auditRecord WHERE number = 1", 1),
        ]
    )
    func tampering(statement: String, expected: Int64) async throws {
        let fixture = try await AuditFixture.make()
        for number in 1...5 { try await fixture.log.record(fixture.look(study: "1.2.\(number)")) }
        #expect(try await fixture.store.verify().brokenAt == nil)
        _ = try await fixture.database.write { try $0.execute(statement) }
        let verification = try await fixture.store.verify()
        #expect(verification.brokenAt == expected)
        #expect(verification.head.number == expected - 1)
    }

    @Test("are found by each filter and by several, in pages")
    func filters() async throws {
        let fixture = try await AuditFixture.make()
        for number in 1...6 {
            var record = fixture.look(study: "1.2.\(number % 2)", caller: "client:\(number)", request: "\(number)")
            record.timeMilliseconds += Int64(number)
            record.subject.patient = number == 6 ? nil : AuditRecord.Patient(id: "P", issuer: number < 4 ? "A" : "B")
            record.outcome = number == 3 ? .refused : .success
            try await fixture.log.record(record)
        }
        let start = fixture.log.now
        func found(_ change: (inout AuditQuery) -> Void) async throws -> [String] {
            var query = AuditQuery(limit: 10)
            change(&query)
            return try await fixture.store.page(query).rows.map(\.record.requestID)
        }
        #expect(try await found { _ in } == ["6", "5", "4", "3", "2", "1"])
        #expect(try await found { $0.study = "1.2.0" } == ["6", "4", "2"])
        #expect(try await found { $0.caller = "client:2" } == ["2"])
        #expect(try await found { $0.patientID = "P" } == ["5", "4", "3", "2", "1"])
        #expect(try await found { ($0.patientID, $0.patientIssuer) = ("P", "B") } == ["5", "4"])
        #expect(try await found { $0.outcome = .refused } == ["3"])
        #expect(try await found { $0.permission = "healthcare.dicomStores.get" } == [])
        #expect(try await found { $0.store = "research" } == [])
        #expect(try await found { ($0.from, $0.to) = (start + 2, start + 4) } == ["3", "2"])
        #expect(try await found { ($0.study, $0.outcome) = ("1.2.1", .success) } == ["5", "1"])
        var query = AuditQuery(limit: 4)
        let first = try await fixture.store.page(query)
        #expect(first.rows.count == 4)
        query.before = first.next
        let second = try await fixture.store.page(query)
        #expect(second.rows.map(\.record.requestID) == ["2", "1"])
        #expect(second.next == nil)
    }
}
