internal import Persistence

/// The tables of the audit.
///
/// `auditAnchor` has one row: the number and the hash of the last record that is no longer kept, from which the chain is
/// verified; before anything was deleted it is the beginning, number 0. `emergencyLook` has what is to be told of looks for an
/// emergency, and what was told lately, so that it is told once.
enum AuditSchema {
    static let migrations = [Migration(1, "records", records), Migration(2, "emergencies", emergencies)]

    private static let records = [
        """
        CREATE TABLE auditRecord (
            number INTEGER NOT NULL PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            time INTEGER NOT NULL,
            caller TEXT NOT NULL,
            method TEXT NOT NULL,
            purpose TEXT,
            address TEXT,
            permission TEXT NOT NULL,
            route TEXT NOT NULL,
            store TEXT,
            study TEXT,
            series TEXT,
            instance TEXT,
            patientID TEXT,
            patientIssuer TEXT,
            outcome TEXT NOT NULL,
            requestID TEXT NOT NULL,
            decision TEXT,
            count INTEGER NOT NULL CHECK (count >= 1),
            repeats INTEGER NOT NULL CHECK (repeats IN (0, 1)),
            hash BLOB NOT NULL CHECK (length(hash) = 32)
        ) STRICT
        """,
        "CREATE INDEX auditByStudy ON auditRecord (study, number)",
        "CREATE INDEX auditByPatient ON auditRecord (patientID, number)",
        "CREATE INDEX auditByCaller ON auditRecord (caller, number)",
        "CREATE INDEX auditByTime ON auditRecord (time)",
        "CREATE TABLE auditAnchor (number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT",
        "INSERT INTO auditAnchor (number, hash) VALUES (0, zeroblob(32))",
    ]

    private static let emergencies = [
        """
        CREATE TABLE emergencyLook (
            minute INTEGER NOT NULL,
            caller TEXT NOT NULL,
            store TEXT NOT NULL,
            study TEXT NOT NULL,
            isTold INTEGER NOT NULL DEFAULT 0 CHECK (isTold IN (0, 1)),
            PRIMARY KEY (minute, caller, store, study)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX emergencyLookUntold ON emergencyLook (minute) WHERE isTold = 0",
    ]
}
