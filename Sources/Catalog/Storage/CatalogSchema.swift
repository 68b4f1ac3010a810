internal import Persistence

/// The tables of the catalog.
///
/// `studyValue` holds each folded value by which a study is found, with the study's moment, so that the studies of one
/// value come out in order of time without a sort. The numbers of studies are handed out by the counter and never
/// used twice: a cursor of yesterday cannot point at another study today. `selectedStudy` holds what each selector picks.
enum CatalogSchema {
    static let migrations = [
        Migration(1, "studies-and-values", stores + studies + series + values),
        Migration(2, "selected-studies", selectors),
        Migration(3, "change-feed", events),
        Migration(4, "notices", notices),
        Migration(5, "uploads-and-references", uploads),
        Migration(6, "what-events-were-before", before),
        Migration(7, "intended-uploads", intents),
        Migration(8, "selectors-of-one-study", ofOneStudy),
        Migration(9, "studies-of-intended-uploads", studiesOfIntents),
        Migration(10, "fewer-indexes", fewerIndexes),
        Migration(11, "revisions-of-selectors", revisions),
        Migration(12, "series-of-intended-uploads", seriesOfIntents),
    ]

    private static let stores = [
        "CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO counter (name, value) VALUES ('study', 0), ('change', 0)",
        """
        CREATE TABLE store (
            id INTEGER NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            studyCount INTEGER NOT NULL DEFAULT 0 CHECK (studyCount >= 0),
            state BLOB NOT NULL
        ) STRICT
        """,
    ]

    private static let studies = [
        """
        CREATE TABLE study (
            id INTEGER NOT NULL PRIMARY KEY,
            store INTEGER NOT NULL REFERENCES store (id),
            uid TEXT NOT NULL CHECK (length(uid) BETWEEN 1 AND 64),
            moment INTEGER NOT NULL,
            sortName TEXT NOT NULL,
            change INTEGER NOT NULL,
            updatedAt INTEGER NOT NULL,
            seenInSweep INTEGER NOT NULL DEFAULT 0,
            seriesCount INTEGER CHECK (seriesCount >= 0),
            instanceCount INTEGER CHECK (instanceCount >= 0),
            modalities TEXT,
            fingerprint BLOB NOT NULL,
            attributes BLOB NOT NULL,
            variants BLOB NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX studyByUID ON study (store, uid)",
        // A list of several stores is merged of theirs: a small store beside a large one stays quick.
        "CREATE INDEX studyByMoment ON study (store, moment, id)",
        "CREATE INDEX studyByName ON study (store, sortName, id)",
        "CREATE INDEX studyByChange ON study (store, change, id)",
        "CREATE INDEX studyByUpdate ON study (store, updatedAt)",
        "CREATE INDEX studyBySweep ON study (store, seenInSweep)",
    ]

    private static let series = [
        """
        CREATE TABLE series (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            uid TEXT NOT NULL CHECK (length(uid) BETWEEN 1 AND 64),
            instanceCount INTEGER CHECK (instanceCount >= 0),
            seenInSweep INTEGER NOT NULL DEFAULT 0,
            attributes BLOB NOT NULL,
            PRIMARY KEY (study, uid)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX seriesByUID ON series (uid)",
    ]

    private static let selectors = [
        "INSERT INTO counter (name, value) VALUES ('selector', 0)",
        // `key` is NULL once the selector is no more; `position` is the number of the last study that was evaluated.
        """
        CREATE TABLE selector (
            id INTEGER NOT NULL PRIMARY KEY,
            key TEXT UNIQUE,
            position INTEGER NOT NULL,
            isPartial INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        // `series` are the UIDs of those that are picked, divided by backslashes, NULL where the whole study is.
        """
        CREATE TABLE selectedStudy (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            selector INTEGER NOT NULL REFERENCES selector (id),
            moment INTEGER NOT NULL,
            series TEXT,
            PRIMARY KEY (study, selector)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX selectedStudyByMoment ON selectedStudy (selector, moment, study)",
    ]

    /// The change feed, and for each study that is in it when it comes to rest; nothing of it refers to rows that go.
    private static let events = [
        "INSERT INTO counter (name, value) VALUES ('event', 0), ('eventDropped', 0), ('eventBeginning', 0)",
        """
        CREATE TABLE event (
            sequence INTEGER NOT NULL PRIMARY KEY,
            type TEXT NOT NULL,
            store TEXT,
            study TEXT,
            series TEXT,
            subject TEXT NOT NULL,
            origin INTEGER NOT NULL,
            time INTEGER NOT NULL,
            revision INTEGER,
            instanceCount INTEGER,
            changed TEXT NOT NULL,
            attributes BLOB NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE studyRest (
            store TEXT NOT NULL,
            study TEXT NOT NULL,
            firstAt INTEGER,
            dueAt INTEGER,
            changed TEXT NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 0),
            PRIMARY KEY (store, study)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX studyRestByTime ON studyRest (dueAt)",
    ]

    /// What a changed study was by what rules ask for, NULL where that did not change; and operations that are waited for.
    private static let before = [
        "ALTER TABLE event ADD COLUMN previous BLOB",
        """
        CREATE TABLE awaitedOperation (
            store TEXT NOT NULL,
            operation TEXT NOT NULL,
            subject TEXT NOT NULL,
            dueAt INTEGER NOT NULL,
            looks INTEGER NOT NULL DEFAULT 0 CHECK (looks >= 0),
            PRIMARY KEY (store, operation)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX awaitedOperationByTime ON awaitedOperation (dueAt)",
    ]

    /// What messages said and nobody has acted upon yet, and messages that could not be used.
    private static let notices = [
        "INSERT INTO counter (name, value) VALUES ('notice', 0), ('rejection', 0)",
        """
        CREATE TABLE notice (
            store TEXT NOT NULL,
            study TEXT NOT NULL,
            mark INTEGER NOT NULL,
            PRIMARY KEY (store, study)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE rejection (
            id INTEGER NOT NULL PRIMARY KEY,
            reason TEXT NOT NULL,
            rejectedAt INTEGER NOT NULL,
            sizeBytes INTEGER NOT NULL CHECK (sizeBytes >= 0),
            digest TEXT NOT NULL
        ) STRICT
        """,
    ]

    /// Who stored which instance through us, and what series of reports and the like refer to.
    ///
    /// The store itself does not say who stored what: it is kept by UIDs, because it outlives the rows of studies when the
    /// catalog is built anew. `referenced` is NULL where nobody has read it, and `referencesRead` 0 where that is to be done.
    private static let uploads = [
        "CREATE TABLE uploader (id INTEGER NOT NULL PRIMARY KEY, principal TEXT NOT NULL UNIQUE) STRICT",
        """
        CREATE TABLE uploadedSeries (
            id INTEGER NOT NULL PRIMARY KEY,
            store TEXT NOT NULL,
            study TEXT NOT NULL,
            series TEXT NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX uploadedSeriesByUID ON uploadedSeries (store, study, series)",
        // `instance` is a part of the hash of its UID: of two that share one, one is not counted, and nobody gains by it.
        """
        CREATE TABLE uploadedInstance (
            series INTEGER NOT NULL REFERENCES uploadedSeries (id) ON DELETE CASCADE,
            instance INTEGER NOT NULL,
            uploader INTEGER NOT NULL REFERENCES uploader (id),
            PRIMARY KEY (series, instance)
        ) STRICT, WITHOUT ROWID
        """,
        "ALTER TABLE series ADD COLUMN referenced TEXT",
        "ALTER TABLE study ADD COLUMN referencesRead INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX studyByReferencesRead ON study (store, referencesRead, id)",
    ]

    /// Who is about to store which instance; what became of it is asked where nobody wrote that down.
    private static let intents = [
        "INSERT INTO counter (name, value) VALUES ('uploadIntent', 0)",
        """
        CREATE TABLE uploadIntent (
            id INTEGER NOT NULL PRIMARY KEY,
            store TEXT NOT NULL,
            instance TEXT NOT NULL,
            uploader INTEGER NOT NULL REFERENCES uploader (id)
        ) STRICT
        """,
        "CREATE INDEX uploadIntentByStore ON uploadIntent (store, id)",
    ]

    /// Which study an instance is sent to, and all who are about to store the same one.
    private static let studiesOfIntents = [
        "ALTER TABLE uploadIntent ADD COLUMN study TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX uploadIntentByInstance ON uploadIntent (store, instance)",
    ]

    /// Which series of the study an instance is sent to.
    private static let seriesOfIntents = ["ALTER TABLE uploadIntent ADD COLUMN series TEXT NOT NULL DEFAULT ''"]

    /// Selectors of one study are worked out by themselves.
    private static let ofOneStudy = [
        "ALTER TABLE selector ADD COLUMN isOfOneStudy INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX selectorByPosition ON selector (isOfOneStudy, position)",
    ]

    /// Counts what a selector picks otherwise than before although no study has changed.
    private static let revisions = [
        "ALTER TABLE selector ADD COLUMN revision INTEGER NOT NULL DEFAULT 0"
    ]

    /// What no search used, and each study that came had to be written to; of what nobody has read only that is kept.
    private static let fewerIndexes = [
        "DROP INDEX studyBySweep",
        "DROP INDEX studyByReferencesRead",
        "CREATE INDEX studyUnread ON study (store, id) WHERE referencesRead = 0",
    ]

    private static let values = [
        """
        CREATE TABLE studyValue (
            study INTEGER NOT NULL REFERENCES study (id) ON DELETE CASCADE,
            attribute INTEGER NOT NULL,
            value TEXT NOT NULL,
            moment INTEGER NOT NULL,
            PRIMARY KEY (study, attribute, value)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX studyValueByValue ON studyValue (attribute, value, moment, study)",
    ]
}
