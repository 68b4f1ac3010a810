internal import CollimatorCore
internal import Cryptography
internal import DICOMweb
internal import Persistence

/// Writes one entry within a transaction, where it brings something new.
struct EntryWriting {
    let store: Int64
    /// Milliseconds since 1970.
    let now: Int64
    let sweep: Int64
    let selectors: SelectorBoard
    let connection: any SQLConnection
    /// The last walk before a rebuild: what no later one has seen is written again, whatever it says; nil where there is
    /// no rebuild.
    var renewedFrom: Int64?
    /// Tells of what changed; nil where nobody is to be told.
    var feed: FeedWriting?
    /// Studies with a higher number may have come with a walk that tells nobody; nil where there was none of late.
    ///
    /// They are told as created when somebody says that they have changed.
    var silentAfter: Int64?

    /// Puts the entry in place of what is there; where its series are unknown, those that the catalog has stay.
    func put(_ entry: StudyEntry) throws -> CatalogStore.PutOutcome {
        let before = try self.row(of: entry.study)
        var entry = entry
        let isWhole = entry.series != nil
        if let before, !isWhole { entry.series = try self.knownSeries(of: before.number) }
        return try self.write(entry, before: before) { _ in isWhole ? self.sweep : nil }
    }

    /// Adds the series to the study, each in place of what is there of it; the study must be in the catalog.
    ///
    /// A count that is not known now stays as it was.
    func merge(_ series: [SeriesEntry], into study: StudyUID) throws -> CatalogStore.PutOutcome {
        guard let before = try self.row(of: study) else { return .unchanged }
        let known = try self.knownSeries(of: before.number) ?? []
        var merged = Dictionary(known.map { ($0.series, $0) }, uniquingKeysWith: { first, _ in first })
        for var one in series {
            one.instanceCount = one.instanceCount ?? merged[one.series]?.instanceCount
            merged[one.series] = one
        }
        let attributes = try DICOMJSON.dataSet(from: before.attributes)
        let entry = StudyEntry(
            study: study,
            attributes: attributes,
            variants: try before.variants.isEmpty ? [] : DICOMJSON.dataSets(from: before.variants),
            series: merged.values.sorted { $0.series < $1.series }
        )
        let seen = Set(series.map(\.series))
        return try self.write(entry, before: before) { seen.contains($0) ? self.sweep : nil }
    }

    /// What is there of a study.
    private struct Row {
        let number: Int64
        let seen: Int64
        let fingerprint: [UInt8]
        let attributes: [UInt8]
        let variants: [UInt8]
    }

    private func row(of study: StudyUID) throws -> Row? {
        try self.connection.queryOne(
            "SELECT id, fingerprint, attributes, variants, seenInSweep FROM study WHERE store = ?1 AND uid = ?2",
            [.integer(self.store), .text(study.rawValue)]
        ).map { row in
            Row(
                number: try row.integer(0),
                seen: try row.integer(4),
                fingerprint: try row.blob(1),
                attributes: try row.blob(2),
                variants: try row.blob(3)
            )
        }
    }

    /// The series that the catalog has; nil where none was ever put.
    private func knownSeries(of number: Int64) throws -> [SeriesEntry]? {
        let rows = try self.connection.query(
            "SELECT uid, instanceCount, attributes FROM series WHERE study = ?1 ORDER BY uid",
            [.integer(number)]
        )
        return rows.isEmpty ? nil : try rows.map { try SeriesEntry(row: $0) }
    }

    /// `sweep` gives the sweep that is noted with a series, nil where it was not seen now.
    private func write(
        _ entry: StudyEntry,
        before: Row?,
        sweep: (SeriesUID) -> Int64?
    ) throws -> CatalogStore.PutOutcome {
        let form = EntryForm(entry)
        let isSame = before?.fingerprint == form.fingerprint
        let isUntold = try before.map { try self.isUntold(entry.study, $0) } ?? false
        if !isSame || isUntold { try self.tell(entry, form, before: isUntold ? nil : before) }
        if let before, isSame, !self.isRenewed(before) {
            try self.markSeen(before.number, (entry.series ?? []).map(\.series).filter { sweep($0) != nil })
            return isUntold ? .created : .unchanged
        }
        let number = try before?.number ?? CatalogStore.next("study", on: self.connection)
        let change = try CatalogStore.next("change", on: self.connection)
        let columns = self.columns(entry, form, number: number, change: change)
        if before == nil {
            try self.connection.execute(Self.insert, columns + [.integer(self.store), .text(entry.study.rawValue)])
            try self.connection.execute(
                "UPDATE store SET studyCount = studyCount + 1 WHERE id = ?1",
                [.integer(self.store)]
            )
        } else {
            try self.connection.execute(Self.update, columns)
        }
        let rows = StudyRows(study: number, connection: self.connection)
        try rows.writeSeries(Array(zip(entry.series ?? [], form.series)), isNew: before == nil, sweep: sweep)
        try rows.writeValues(SearchKeys(entry), moment: entry.moment.rawValue, isNew: before == nil)
        try SelectionRows(study: number, moment: entry.moment.rawValue, connection: self.connection)
            .write(entry, self.selectors, isNew: before == nil)
        if before == nil || isUntold { return .created }
        return isSame ? .unchanged : .updated
    }

    /// Whether the row is from before a rebuild, so that nothing in it is taken for right.
    private func isRenewed(_ row: Row) -> Bool { self.renewedFrom.map { row.seen <= $0 } ?? false }

    /// Whether the study came with a walk that told nobody, and somebody else tells of it now for the first time.
    private func isUntold(_ study: StudyUID, _ row: Row) throws -> Bool {
        guard let silentAfter, row.number > silentAfter, let feed, feed.origin != .reconciled else { return false }
        return try !feed.hasTold(of: study)
    }

    /// Writes what the change feed says of it, while the catalog still has what was there before.
    private func tell(_ entry: StudyEntry, _ form: EntryForm, before: Row?) throws {
        guard let feed else { return }
        let known = try before.map { before in
            FeedWriting.Before(
                attributes: before.attributes,
                variants: before.variants,
                series: try self.knownSeries(of: before.number) ?? []
            )
        }
        try feed.written(entry, attributes: form.attributes, variants: form.variants, before: known)
    }

    private func markSeen(_ number: Int64, _ series: [SeriesUID]) throws {
        guard self.sweep > 0 else { return }
        try self.connection.execute(
            "UPDATE study SET seenInSweep = ?2 WHERE id = ?1",
            [.integer(number), .integer(self.sweep)]
        )
        for one in series {
            try self.connection.execute(
                "UPDATE series SET seenInSweep = ?3 WHERE study = ?1 AND uid = ?2",
                [.integer(number), .text(one.rawValue), .integer(self.sweep)]
            )
        }
    }

    private static let insert = """
        INSERT INTO study (id, moment, sortName, change, updatedAt, seenInSweep, seriesCount, instanceCount,
            modalities, fingerprint, attributes, variants, referencesRead, store, uid)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        """

    private static let update = """
        UPDATE study SET moment = ?2, sortName = ?3, change = ?4, updatedAt = ?5, seenInSweep = ?6,
            seriesCount = ?7, instanceCount = ?8, modalities = ?9, fingerprint = ?10, attributes = ?11,
            variants = ?12, referencesRead = ?13
        WHERE id = ?1
        """

    private func columns(_ entry: StudyEntry, _ form: EntryForm, number: Int64, change: Int64) -> [SQLValue] {
        let name = entry.attributes.personName(.patientName)
        let sortName = name?.alphabetic ?? name?.ideographic ?? name?.phonetic ?? ""
        return [
            .integer(number), .integer(entry.moment.rawValue), .text(SearchText.fold(sortName)),
            .integer(change), .integer(self.now), .integer(self.sweep),
            .integer(entry.series.map { Int64($0.count) }), .integer(entry.instanceCount.map(Int64.init)),
            .text(entry.modalities?.joined(separator: "\\")), .blob(form.fingerprint), .blob(form.attributes),
            .blob(form.variants), .integer(entry.series?.contains(where: \.isDerived) == true ? 0 : 1),
        ]
    }
}

/// An entry as bytes, and a hash of all of them to tell an entry that brings nothing new.
private struct EntryForm {
    let attributes: [UInt8]
    let variants: [UInt8]
    let series: [[UInt8]]
    let fingerprint: [UInt8]

    /// How much of the hash is kept: enough that two entries never share one.
    private static let fingerprintBytes = 16

    init(_ entry: StudyEntry) {
        self.attributes = DICOMJSON.encode(entry.attributes)
        self.variants = entry.variants.isEmpty ? [] : DICOMJSON.encode(entry.variants)
        self.series = (entry.series ?? []).map { DICOMJSON.encode($0.attributes) }
        var hash = SHA256()
        hash.update(self.attributes)
        hash.update(self.variants)
        hash.update([entry.series == nil ? 0 : 1])
        for (one, attributes) in zip(entry.series ?? [], self.series) {
            hash.update(Array("\(one.series) \(one.instanceCount ?? -1) ".utf8))
            hash.update(attributes)
        }
        self.fingerprint = Array(hash.finalize().prefix(Self.fingerprintBytes))
    }
}

extension SeriesEntry {
    /// Reads `uid, instanceCount, attributes`.
    init(row: SQLRow) throws {
        guard let series = SeriesUID(try row.text(0)) else {
            throw CollimatorError(.internalError, "a row of the catalog holds no valid UID")
        }
        self.init(
            series: series,
            attributes: try DICOMJSON.dataSet(from: try row.blob(2)),
            instanceCount: try row.integerIfPresent(1).map(Int.init)
        )
    }
}
