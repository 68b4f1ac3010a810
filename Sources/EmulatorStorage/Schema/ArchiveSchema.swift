internal import Persistence

/// The tables of the archive's index.
///
/// `listing` repeats the number of the store and is NULL from the moment when deletion begins: every search goes
/// through an index that starts with it, so what is being deleted is out of every answer at once while its rows are
/// still being removed. `store` stays, and keeps the UID taken until they are gone.
enum ArchiveSchema {
    static let migrations = [
        Migration(
            1,
            "first-schema",
            administration + study + series + instance + [
                // Numbers that were handed out to files, so that none is used twice.
                "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"
            ]
        ),
        // NULL where none was ever set.
        Migration(
            2,
            "iam-policies",
            ["ALTER TABLE dataset ADD COLUMN policy BLOB", "ALTER TABLE dicomStore ADD COLUMN policy BLOB"]
        ),
        Migration(3, "pubsub", PubSubSchema.tables),
    ]

    private static let administration = [
        """
        CREATE TABLE dataset (
            id INTEGER NOT NULL PRIMARY KEY,
            project TEXT NOT NULL,
            location TEXT NOT NULL,
            name TEXT NOT NULL,
            body BLOB NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX datasetByName ON dataset (project, location, name)",
        // The dataset is NULL while the contents are being deleted: the name is free again at once.
        """
        CREATE TABLE dicomStore (
            id INTEGER NOT NULL PRIMARY KEY,
            dataset INTEGER REFERENCES dataset (id),
            name TEXT NOT NULL,
            body BLOB NOT NULL,
            studyCount INTEGER NOT NULL DEFAULT 0 CHECK (studyCount >= 0),
            seriesCount INTEGER NOT NULL DEFAULT 0 CHECK (seriesCount >= 0),
            instanceCount INTEGER NOT NULL DEFAULT 0 CHECK (instanceCount >= 0),
            structuredSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (structuredSizeBytes >= 0),
            blobSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (blobSizeBytes >= 0)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX dicomStoreByName ON dicomStore (dataset, name)",
        """
        CREATE TABLE operation (
            id INTEGER NOT NULL PRIMARY KEY,
            dataset INTEGER NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
            isDone INTEGER NOT NULL CHECK (isDone IN (0, 1)),
            body BLOB NOT NULL,
            work BLOB NOT NULL
        ) STRICT
        """,
        "CREATE INDEX operationByDataset ON operation (dataset, id)",
        "CREATE INDEX operationUnfinished ON operation (id) WHERE isDone = 0",
    ]

    private static let study = [
        """
        CREATE TABLE study (
            id INTEGER NOT NULL PRIMARY KEY,
            store INTEGER NOT NULL REFERENCES dicomStore (id),
            listing INTEGER CHECK (listing = store),
            uid TEXT NOT NULL CHECK (length(uid) BETWEEN 1 AND 64),
            patientName TEXT,
            patientNameGroups TEXT,
            patientID TEXT,
            accessionNumber TEXT,
            referringPhysicianName TEXT,
            referringPhysicianNameGroups TEXT,
            studyDate TEXT CHECK (length(studyDate) = 8),
            attributes BLOB NOT NULL,
            moreAttributes BLOB NOT NULL,
            seriesCount INTEGER NOT NULL DEFAULT 0 CHECK (seriesCount >= 0),
            instanceCount INTEGER NOT NULL DEFAULT 0 CHECK (instanceCount >= 0),
            structuredSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (structuredSizeBytes >= 0),
            blobSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (blobSizeBytes >= 0)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX studyByUID ON study (store, uid)",
        "CREATE INDEX studyListed ON study (listing, id)",
        "CREATE INDEX studyByPatientName ON study (listing, patientName, id)",
        "CREATE INDEX studyByPatientNameGroups ON study (listing, patientNameGroups, id)",
        "CREATE INDEX studyByPatientID ON study (listing, patientID, id)",
        "CREATE INDEX studyByAccessionNumber ON study (listing, accessionNumber, id)",
        "CREATE INDEX studyByReferringPhysicianName ON study (listing, referringPhysicianName, id)",
        "CREATE INDEX studyByReferringPhysicianNameGroups ON study (listing, referringPhysicianNameGroups, id)",
        "CREATE INDEX studyByDate ON study (listing, studyDate, id)",
        "CREATE INDEX studyUnlisted ON study (id) WHERE listing IS NULL",
        // The words of the patient's name, folded; a prefix is a range of them.
        """
        CREATE TABLE nameToken (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            token TEXT NOT NULL,
            listing INTEGER NOT NULL,
            PRIMARY KEY (study, token)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE UNIQUE INDEX nameTokenByToken ON nameToken (listing, token, study)",
    ]

    private static let series = [
        """
        CREATE TABLE series (
            id INTEGER NOT NULL PRIMARY KEY,
            study INTEGER NOT NULL REFERENCES study (id),
            listing INTEGER,
            uid TEXT NOT NULL CHECK (length(uid) BETWEEN 1 AND 64),
            modality TEXT,
            attributes BLOB NOT NULL,
            moreAttributes BLOB NOT NULL,
            instanceCount INTEGER NOT NULL DEFAULT 0 CHECK (instanceCount >= 0),
            structuredSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (structuredSizeBytes >= 0),
            blobSizeBytes INTEGER NOT NULL DEFAULT 0 CHECK (blobSizeBytes >= 0)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX seriesByStudyAndUID ON series (study, uid)",
        "CREATE UNIQUE INDEX seriesByStudy ON series (study, id)",
        "CREATE INDEX seriesListed ON series (listing, id)",
        "CREATE INDEX seriesByUID ON series (listing, uid, id)",
        "CREATE INDEX seriesByModality ON series (listing, modality, id)",
        "CREATE INDEX seriesUnlisted ON series (id) WHERE listing IS NULL",
    ]

    private static let instance = [
        """
        CREATE TABLE instance (
            id INTEGER NOT NULL PRIMARY KEY,
            store INTEGER NOT NULL,
            study INTEGER NOT NULL,
            series INTEGER NOT NULL,
            uid TEXT NOT NULL CHECK (length(uid) BETWEEN 1 AND 64),
            sopClassUID TEXT NOT NULL,
            transferSyntaxUID TEXT NOT NULL,
            sizeBytes INTEGER NOT NULL CHECK (sizeBytes >= 0),
            structuredSizeBytes INTEGER NOT NULL CHECK (structuredSizeBytes >= 0),
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            numberOfFrames INTEGER NOT NULL CHECK (numberOfFrames >= 0),
            storedAtMicroseconds INTEGER NOT NULL,
            storageClass TEXT NOT NULL CHECK (storageClass IN ('STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE')),
            storageClassAtMicroseconds INTEGER NOT NULL,
            attributes BLOB NOT NULL,
            FOREIGN KEY (study, series) REFERENCES series (study, id)
        ) STRICT
        """,
        "CREATE UNIQUE INDEX instanceByUID ON instance (store, uid)",
        "CREATE INDEX instanceBySeries ON instance (study, series, id)",
        // Apart from the row, so that searches do not read through it.
        """
        CREATE TABLE instanceMetadata (
            instance INTEGER NOT NULL PRIMARY KEY REFERENCES instance (id) ON DELETE CASCADE,
            json BLOB NOT NULL,
            uriOffsets BLOB NOT NULL
        ) STRICT
        """,
    ]
}
