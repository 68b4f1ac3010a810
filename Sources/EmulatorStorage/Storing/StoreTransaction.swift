internal import CollimatorCore
internal import DICOMFiles
internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

/// Inserts the objects of one group, inside one transaction.
struct StoreTransaction {
    private let connection: any SQLConnection
    private let vault: FileVault
    private var stores: [DICOMStoreName: Int64] = [:]
    private var studies: [StudyKey: Parent] = [:]
    private var series: [SeriesKey: Parent] = [:]
    private var counts = CountChanges()
    private var notifications: InstanceNotifications

    init(connection: any SQLConnection, vault: FileVault, now: Date) {
        self.connection = connection
        self.vault = vault
        self.notifications = InstanceNotifications(connection: connection, now: now)
    }

    /// Decides about one object and inserts it when it is new.
    mutating func insert(_ entry: IndexEntry) throws -> StoreOutcome {
        let identity = entry.description.identity
        guard let store = try self.store(entry.store) else { return .failed(.storeNotFound) }
        if let outcome = try self.existing(entry, in: store) { return outcome }
        guard case .listed(let study) = try self.study(entry, in: store),
            case .listed(let series) = try self.series(entry, in: study, store)
        else { return .refused(.deleting, identity: identity) }
        try self.insertRows(entry, Place(store: store, study: study, series: series))
        self.counts.add(entry, store: store, study: study, series: series)
        try self.notify(entry, store: store)
        return .stored(entry.stored(self.vault))
    }

    /// Writes the counts of all that was inserted, and the messages about it; the last call.
    mutating func finish() throws {
        try self.counts.apply(to: self.connection)
        try self.notifications.finish()
    }

    private mutating func notify(_ entry: IndexEntry, store: Int64) throws {
        guard try self.notifications.isOn(.storeInstances, store: store) else { return }
        let identity = entry.description.identity
        let subject = InstanceNotifications.Subject(
            study: identity.studyInstanceUID.rawValue,
            series: identity.seriesInstanceUID.rawValue,
            instance: identity.sopInstanceUID.rawValue,
            modality: entry.description.series.modality
        )
        try self.notifications.add(.storeInstances, subject, store: store, entry.store)
    }

    private mutating func store(_ name: DICOMStoreName) throws -> Int64? {
        if let id = self.stores[name] { return id }
        do {
            let id = try StoreLookup.store(name, self.connection)
            self.stores[name] = id
            return id
        } catch ArchiveError.storeNotFound {
            return nil
        }
    }

    /// What is to be said of an object whose UID is in the store already.
    private func existing(_ entry: IndexEntry, in store: Int64) throws -> StoreOutcome? {
        let identity = entry.description.identity
        let row = try self.connection.queryOne(
            """
            SELECT \(InstanceRow.columns), s.listing, e.listing
            FROM instance i CROSS JOIN series e CROSS JOIN study s
            WHERE i.store = ?1 AND i.uid = ?2 AND e.id = i.series AND s.id = i.study
            """,
            [.integer(store), .text(identity.sopInstanceUID.rawValue)]
        )
        guard let row else { return nil }
        guard !row.isNull(13), !row.isNull(14) else { return .refused(.deleting, identity: identity) }
        let stored = try InstanceRow(row, self.vault).stored
        let isIdentical = stored.sha256 == entry.digest.sha256
        return isIdentical ? .identical(stored) : .refused(.alreadyExistsDifferent, identity: identity)
    }

    private mutating func study(_ entry: IndexEntry, in store: Int64) throws -> Parent {
        let description = entry.description
        let key = StudyKey(store: store, uid: description.identity.studyInstanceUID.rawValue)
        if let known = self.studies[key] { return known }
        let row = try self.connection.queryOne(
            "SELECT id, listing FROM study WHERE store = ?1 AND uid = ?2",
            [.integer(store), .text(key.uid)]
        )
        let parent: Parent
        if let row {
            parent = row.isNull(1) ? .deleting : .listed(try row.integer(0))
        } else {
            parent = .listed(try StudyInsertion.insert(description.study, uid: key.uid, store, self.connection))
            self.counts.addStudy(to: store)
        }
        self.studies[key] = parent
        return parent
    }

    private mutating func series(_ entry: IndexEntry, in study: Int64, _ store: Int64) throws -> Parent {
        let description = entry.description
        let key = SeriesKey(study: study, uid: description.identity.seriesInstanceUID.rawValue)
        if let known = self.series[key] { return known }
        let row = try self.connection.queryOne(
            "SELECT id, listing FROM series WHERE study = ?1 AND uid = ?2",
            [.integer(study), .text(key.uid)]
        )
        let parent: Parent
        if let row {
            parent = row.isNull(1) ? .deleting : .listed(try row.integer(0))
        } else {
            let place = Place(store: store, study: study, series: 0)
            parent = .listed(try StudyInsertion.insert(description.series, uid: key.uid, place, self.connection))
            self.counts.addSeries(to: study, store: store)
        }
        self.series[key] = parent
        return parent
    }

    private func insertRows(_ entry: IndexEntry, _ place: Place) throws {
        let description = entry.description
        let arrivedAt = entry.arrivedAt.microseconds
        try self.connection.execute(
            """
            INSERT INTO instance (id, store, study, series, uid, sopClassUID, transferSyntaxUID, sizeBytes,
                structuredSizeBytes, sha256, numberOfFrames, storedAtMicroseconds, storageClass,
                storageClassAtMicroseconds, attributes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'STANDARD', ?12, ?13)
            """,
            [
                .integer(entry.id), .integer(place.store), .integer(place.study), .integer(place.series),
                .text(description.identity.sopInstanceUID.rawValue), .text(description.identity.sopClassUID),
                .text(description.identity.transferSyntaxUID), .integer(entry.digest.sizeBytes),
                .integer(description.json.count), .blob(entry.digest.sha256),
                .integer(description.numberOfFrames), .integer(arrivedAt), .blob(description.attributes.bytes),
            ]
        )
        try self.connection.execute(
            "INSERT INTO instanceMetadata (instance, json, uriOffsets) VALUES (?1, ?2, ?3)",
            [.integer(entry.id), .blob(description.json), .blob(BulkDataURIs.encoded(description.uriOffsets))]
        )
    }

    /// The row of a study or series as a new object finds it.
    private enum Parent {
        case listed(Int64)
        case deleting
    }

    private struct StudyKey: Hashable {
        let store: Int64
        let uid: String
    }

    private struct SeriesKey: Hashable {
        let study: Int64
        let uid: String
    }
}

/// The rows that a new row hangs below.
struct Place {
    let store: Int64
    let study: Int64
    let series: Int64
}
