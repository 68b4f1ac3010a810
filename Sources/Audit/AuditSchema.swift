internal import Persistence

/// The tables of the audit.
///
/// `auditAnchor` has one row: the number and the hash of the last record that is no longer kept, from which the chain is
/// verified; before anything was deleted it is the beginning, number 0.
enum AuditSchema {
    static let migrations = [Migration(1, "records", records)]

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
}
