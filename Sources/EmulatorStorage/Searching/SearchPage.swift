internal import Persistence

/// A part of what a search has found.
package struct SearchPage: Sendable {
    /// Finished DICOM JSON objects.
    package let objects: [[UInt8]]
    /// Where the next part begins; nil at the end.
    package let next: SearchCursor?

    /// Makes objects until they have so many bytes together, at least one.
    init(_ cursor: SearchCursor, bytesMax: Int, _ connection: any SQLConnection) throws {
        var answer = SearchAnswer(cursor.search, connection)
        var objects: [[UInt8]] = []
        var rest = cursor.rows
        var byteCount = 0
        while objects.isEmpty || byteCount < bytesMax, let row = rest.popFirst() {
            do {
                let object = try answer.object(row)
                byteCount += object.count
                objects.append(object)
            } catch is SearchRow.Gone {
                // Deleted since it was found; within one transaction that cannot be.
                guard cursor.isLater else { throw ArchiveError.internalFault }
            }
        }
        self.objects = objects
        self.next = rest.isEmpty ? nil : SearchCursor(search: cursor.search, rows: rest, isLater: true)
    }
}

/// What is left of a search: the rows that it found and that no part has had yet.
///
/// What is deleted meanwhile is left out of later parts, and nothing comes twice.
package struct SearchCursor: Sendable {
    let search: ArchiveSearch
    let rows: ArraySlice<SearchRow>
    /// Whether the rows were found in an earlier transaction.
    let isLater: Bool
}

/// The numbers of a study, series and instance that match, as far down as the level of the search goes.
struct SearchRow: Sendable {
    let study: Int64
    var series: Int64 = 0
    var instance: Int64 = 0

    init(_ row: SQLRow, _ level: SearchLevel) throws {
        self.study = try row.integer(0)
        if level >= .series { self.series = try row.integer(1) }
        if level >= .instance { self.instance = try row.integer(2) }
    }

    /// The row is not there any more.
    struct Gone: Error {}
}
