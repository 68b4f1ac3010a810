import CollimatorCore
import Foundation
import Logging
import Persistence
import Synchronization
import TestSupport

@testable import Audit

/// An audit in a folder of its own, with a clock that stands until it is moved.
final class AuditFixture: Sendable {
    let folder: TemporaryDirectory
    let database: Database
    let store: AuditStore
    let log: AuditLog
    private let box: Box
    /// The beginning of a minute.
    static let start = 1_790_000_040.0

    private init(
        folder: consuming TemporaryDirectory,
        database: Database,
        store: AuditStore,
        log: AuditLog,
        box: Box
    ) {
        self.folder = folder
        self.database = database
        self.store = store
        self.log = log
        self.box = box
    }

    static func make(_ configuration: AuditConfiguration = AuditConfiguration()) async throws -> AuditFixture {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: database)
        try await store.prepare()
        let box = Box()
        let log = try AuditLog(
            store,
            spoolPath: "\(folder.path)/spool",
            configuration: configuration,
            clock: WallClock { Date(timeIntervalSince1970: Self.start + box.seconds) },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        return AuditFixture(folder: folder, database: database, store: store, log: log, box: box)
    }

    var spool: AuditSpool { AuditSpool(path: "\(self.folder.path)/spool", bytesMax: 1 << 20) }

    func move(seconds: Double) { self.box.move(seconds) }

    /// A look at a study, now.
    func look(study: String = "1.2.3", caller: String = "client:a", request: String = "r") -> AuditRecord {
        AuditRecord(
            timeMilliseconds: self.log.now,
            caller: AuditRecord.Caller(principal: caller, method: "api-key", purpose: "TREAT", address: "192.0.2.1"),
            action: AuditRecord.Action(permission: "healthcare.dicomStores.dicomWebRead", route: "GET /s/{study}"),
            subject: AuditRecord.Subject(
                store: "radiology",
                study: study,
                patient: AuditRecord.Patient(id: "MRN-1", issuer: "HOSP")
            ),
            outcome: .success,
            requestID: request,
            decision: "rule-7"
        )
    }

    /// Whether records can be written into the database: a trigger refuses them where not.
    func database(takesRecords: Bool) async throws {
        try await self.database.write { connection in
            try connection.execute("DROP TRIGGER IF EXISTS refusal")
            try connection.execute("DROP TRIGGER IF EXISTS refusalOfProbe")
            guard !takesRecords else { return }
            try connection.execute(
                "CREATE TRIGGER refusal BEFORE INSERT ON auditRecord BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
            try connection.execute(
                "CREATE TRIGGER refusalOfProbe BEFORE UPDATE ON auditAnchor BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        }
    }

    private final class Box: Sendable {
        private let value = Mutex(0.0)
        var seconds: Double { self.value.withLock { $0 } }
        func move(_ seconds: Double) { self.value.withLock { $0 += seconds } }
    }
}
