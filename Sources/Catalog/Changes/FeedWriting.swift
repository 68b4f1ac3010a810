internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// Writes the events of a change in the transaction of that change, so that neither is there without the other.
struct FeedWriting {
    let store: StoreName
    let origin: StudyChangeNotice.Origin
    /// Milliseconds since 1970.
    let now: Int64
    let times: FeedTimes
    let connection: any SQLConnection

    /// What was known of a study before it was written.
    struct Before {
        let attributes: [UInt8]
        let variants: [UInt8]
        let series: [SeriesEntry]
    }

    /// The study was written; `before` is nil for one that was not there.
    ///
    /// A count that was filled in where none was known is no news: the study has not changed.
    func written(_ entry: StudyEntry, attributes: [UInt8], variants: [UInt8], before: Before?) throws {
        let known = Dictionary((before?.series ?? []).map { ($0.series, $0) }, uniquingKeysWith: { first, _ in first })
        var parts: Set<ChangeEvent.Part> = before == nil ? [.attributes] : []
        if let before, before.attributes != attributes || before.variants != variants { parts.insert(.attributes) }
        var stored: [SeriesEntry] = []
        for one in entry.series ?? [] {
            guard let old = known[one.series] else {
                parts.formUnion([.series, .instances])
                stored.append(one)
                continue
            }
            if old.attributes != one.attributes { parts.insert(.series) }
            guard let count = one.instanceCount, let oldCount = old.instanceCount, count != oldCount else { continue }
            parts.insert(.instances)
            if count > oldCount { stored.append(one) }
        }
        if known.count > (entry.series ?? []).count { parts.formUnion([.series, .instances]) }
        guard !parts.isEmpty else { return }
        let kept = DICOMJSON.encode(ChangeEvent.kept(of: entry.attributes, modalities: entry.modalities))
        for one in stored {
            try self.write(
                Row(.seriesStored, entry.study, series: one.series, instanceCount: one.instanceCount, kept: kept)
            )
        }
        var row = Row(
            before == nil ? .studyCreated : .studyUpdated,
            entry.study,
            instanceCount: entry.instanceCount,
            changed: parts,
            kept: kept
        )
        row.previous = try before.flatMap { try Self.previous($0, kept: kept, variants: variants) }
        try self.write(row)
        try self.disturb(entry.study, parts)
    }

    /// Whether anything was told of the study since it came.
    func hasTold(of study: StudyUID) throws -> Bool {
        // Whatever is told of a study disturbs its rest, and the row stays until the study is deleted.
        try self.connection.queryOne(
            "SELECT revision FROM studyRest WHERE store = ?1 AND study = ?2",
            [.text(self.store.rawValue), .text(study.rawValue)]
        ) != nil
    }

    /// What the study was by what rules ask for; nil where that is what it still is and all of it, and where its instances
    /// did not agree, which is more than is kept.
    private static func previous(_ before: Before, kept: [UInt8], variants: [UInt8]) throws -> [UInt8]? {
        guard before.variants.isEmpty else { return nil }
        let modalities = Set(before.series.compactMap { $0.attributes.string(.modality) }).sorted()
        let attributes = try DICOMJSON.dataSet(from: before.attributes)
        let previous = DICOMJSON.encode(ChangeEvent.kept(of: attributes, modalities: modalities))
        return previous == kept && before.variants == variants ? nil : previous
    }

    /// The study is deleted next; what rules ask for stays in its event.
    ///
    /// Where its instances do not agree nothing but the modalities stays: one value would have a rule allow, or not deny,
    /// what it does not with all of them, and of what is missing a rule neither allows nor lets pass anything.
    func deleted(_ study: StudyUID) throws {
        guard
            let row = try self.connection.queryOne(
                """
                SELECT s.attributes, s.modalities, s.instanceCount, s.variants
                FROM store t JOIN study s ON s.store = t.id WHERE t.name = ?1 AND s.uid = ?2
                """,
                [.text(self.store.rawValue), .text(study.rawValue)]
            )
        else { return }
        let modalities = try row.textIfPresent(1)?.split(separator: "\\").map(String.init)
        let agreed = try row.blob(3).isEmpty ? DICOMJSON.dataSet(from: try row.blob(0)) : DataSet()
        let kept = ChangeEvent.kept(of: agreed, modalities: modalities)
        try self.write(
            Row(
                .studyDeleted,
                study,
                instanceCount: try row.integerIfPresent(2).map(Int.init),
                kept: DICOMJSON.encode(kept)
            )
        )
        try self.connection.execute(
            "DELETE FROM studyRest WHERE store = ?1 AND study = ?2",
            [.text(self.store.rawValue), .text(study.rawValue)]
        )
    }

    /// The study has moved: it comes to rest later, but no later than the longest time after its first move.
    private func disturb(_ study: StudyUID, _ parts: Set<ChangeEvent.Part>) throws {
        let key: [SQLValue] = [.text(self.store.rawValue), .text(study.rawValue)]
        let row = try self.connection.queryOne(
            "SELECT firstAt, changed FROM studyRest WHERE store = ?1 AND study = ?2",
            key
        )
        // What is noted as later than now was noted before the clock was set back.
        let first = min(try row?.integerIfPresent(0) ?? self.now, self.now)
        let changed = parts.union(ChangeEvent.parts(try row?.text(1) ?? ""))
        let due = min(self.now + self.times.quiet.wholeMilliseconds, first + self.times.quietMax.wholeMilliseconds)
        let values: [SQLValue] = [.integer(first), .integer(due), .text(ChangeEvent.text(changed))]
        if row == nil {
            try self.connection.execute(
                """
                INSERT INTO studyRest (store, study, firstAt, dueAt, changed, revision) VALUES (?1, ?2, ?3, ?4, ?5, 0)
                """,
                key + values
            )
        } else {
            try self.connection.execute(
                "UPDATE studyRest SET firstAt = ?3, dueAt = ?4, changed = ?5 WHERE store = ?1 AND study = ?2",
                key + values
            )
        }
    }

    /// A row that is to be written.
    struct Row {
        let type: ChangeEvent.Kind
        let study: StudyUID?
        var series: SeriesUID?
        var subject = ""
        var revision: Int?
        var instanceCount: Int?
        var changed: Set<ChangeEvent.Part> = []
        var kept: [UInt8] = []
        var previous: [UInt8]?

        init(
            _ type: ChangeEvent.Kind,
            _ study: StudyUID?,
            series: SeriesUID? = nil,
            instanceCount: Int? = nil,
            changed: Set<ChangeEvent.Part> = [],
            kept: [UInt8] = []
        ) {
            self.type = type
            self.study = study
            self.series = series
            self.instanceCount = instanceCount
            self.changed = changed
            self.kept = kept
        }
    }

    func write(_ row: Row) throws {
        try Self.write(row, store: self.store, origin: self.origin, now: self.now, on: self.connection)
    }

    /// Writes one row with the next number.
    static func write(
        _ row: Row,
        store: StoreName?,
        origin: StudyChangeNotice.Origin,
        now: Int64,
        on connection: any SQLConnection
    ) throws {
        try connection.execute(
            """
            INSERT INTO event (sequence, type, store, study, series, subject, origin, time, revision, instanceCount,
                changed, attributes, previous)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
            """,
            [
                .integer(try CatalogStore.next("event", on: connection)), .text(row.type.rawValue),
                .text(store?.rawValue), .text(row.study?.rawValue), .text(row.series?.rawValue), .text(row.subject),
                .integer(origin.rawValue), .integer(now), .integer(row.revision.map(Int64.init)),
                .integer(row.instanceCount.map(Int64.init)), .text(ChangeEvent.text(row.changed)), .blob(row.kept),
                row.previous.map { .blob($0) } ?? .null,
            ]
        )
    }
}
