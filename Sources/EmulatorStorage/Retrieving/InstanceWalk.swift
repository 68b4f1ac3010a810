internal import DICOMweb
internal import Persistence

/// Goes through the instances of a scope, series after series, along the index of the instances' series.
///
/// A part of any place in a study of any size costs only its own length.
struct InstanceWalk {
    private let connection: any SQLConnection
    private let study: Int64
    private let series: Int64?
    private let instanceUID: (store: Int64, uid: String)?

    /// Nil where the study or series is not there or is being deleted.
    init?(_ scope: InstanceScope, _ connection: any SQLConnection) throws {
        let store = try StoreLookup.store(scope.store, connection)
        guard let study = try StoreLookup.study(scope.study.rawValue, in: store, connection) else { return nil }
        var series: Int64?
        if let uid = scope.series {
            guard let id = try StoreLookup.series(uid.rawValue, in: study, connection) else { return nil }
            series = id
        }
        self.connection = connection
        self.study = study
        self.series = series
        self.instanceUID = scope.instance.map { (store, $0.rawValue) }
    }

    /// Calls the closure with the numbers of each series and instance; gives where to go on, nil at the end.
    ///
    /// It stops behind the limit, or where `isFull` says so after an instance.
    func forEach(
        after cursor: InstanceCursor?,
        limit: Int,
        isFull: () -> Bool = { false },
        _ body: (_ series: Int64, _ instance: Int64) throws -> Void
    ) throws -> InstanceCursor? {
        if let instance = self.instanceUID { return try self.single(instance.store, instance.uid, body) }
        var last = try cursor ?? self.firstSeries(from: 0).map { InstanceCursor(series: $0, instance: 0) }
        var rest = limit
        while let place = last {
            let (count, end) = try self.walkSeries(place, limit: rest, isFull, body)
            rest -= count
            guard rest > 0 else { return InstanceCursor(series: place.series, instance: end) }
            last = try self.firstSeries(from: place.series + 1).map { InstanceCursor(series: $0, instance: 0) }
        }
        return nil
    }

    private func walkSeries(
        _ place: InstanceCursor,
        limit: Int,
        _ isFull: () -> Bool,
        _ body: (Int64, Int64) throws -> Void
    ) throws -> (count: Int, last: Int64) {
        var count = 0
        var last = place.instance
        do {
            try self.connection.forEach(
                """
                SELECT i.id FROM series e CROSS JOIN instance i
                WHERE e.id = ?2 AND e.study = ?1 AND e.listing IS NOT NULL
                    AND i.study = ?1 AND i.series = ?2 AND i.id > ?3
                ORDER BY i.id LIMIT ?4
                """,
                [.integer(self.study), .integer(place.series), .integer(place.instance), .integer(limit)]
            ) { row in
                last = try row.integer(0)
                count += 1
                try body(place.series, last)
                if isFull() { throw Full() }
            }
        } catch is Full {
            // As though the limit had been reached here.
            count = limit
        }
        return (count, last)
    }

    /// Ends a statement before its last row.
    private struct Full: Error {}

    /// The next series of the scope.
    private func firstSeries(from id: Int64) throws -> Int64? {
        if let series = self.series { return series >= id ? series : nil }
        return try self.connection.queryOne(
            "SELECT id FROM series WHERE study = ?1 AND id >= ?2 AND listing IS NOT NULL ORDER BY id LIMIT 1",
            [.integer(self.study), .integer(id)]
        )?.integer(0)
    }

    private func single(_ store: Int64, _ uid: String, _ body: (Int64, Int64) throws -> Void) throws -> InstanceCursor?
    {
        let row = try self.connection.queryOne(
            "SELECT series, id FROM instance WHERE store = ?1 AND uid = ?2 AND study = ?3",
            [.integer(store), .text(uid), .integer(self.study)]
        )
        if let row, try row.integer(0) == self.series {
            try body(try row.integer(0), try row.integer(1))
        }
        return nil
    }
}
