internal import Persistence

/// Finds files without rows and rows without files among those that an earlier process left.
///
/// It remembers one bit for each number that was ever given to a file, so a million objects are 125 kB; where there
/// were more numbers than `numbersAtOnce`, it goes through them in several rounds.
struct Sweep: Sendable {
    /// The numbers of this round.
    let range: Range<Int64>
    private let vault: FileVault
    private var bits: [UInt64]

    /// The numbers of one round, which take 8 MiB of memory.
    static let numbersAtOnce: Int64 = 1 << 26
    /// Rows that are read in one piece, so that nothing waits long for the database.
    static let pageSize = 20_000

    init(vault: FileVault, range: Range<Int64>) {
        self.vault = vault
        self.range = range
        self.bits = Array(repeating: 0, count: (range.count + 63) / 64)
    }

    /// The first number that no earlier process has reserved for a file.
    static func end(_ connection: any SQLConnection) throws -> Int64 {
        try connection.queryOne("SELECT value FROM counter WHERE name = 'instance'")?.integer(0) ?? 0
    }

    /// A place in the order in which the rows are read.
    struct Place: Sendable {
        var study: Int64 = -1
        var series: Int64 = -1
        var id: Int64 = -1
    }

    /// The numbers behind a place, along an index that has all of it, so that the rows themselves are not read.
    static let pageSQL = """
        SELECT study, series, id FROM instance WHERE (study, series, id) > (?1, ?2, ?3)
        ORDER BY study, series, id LIMIT ?4
        """

    /// A page of the instances' numbers, and where the next begins; nil at the end.
    static func page(
        after place: Place,
        limit: Int = Self.pageSize,
        _ connection: any SQLConnection
    ) throws -> (ids: [Int64], next: Place?) {
        var ids: [Int64] = []
        var last = place
        try connection.forEach(
            Self.pageSQL,
            [.integer(place.study), .integer(place.series), .integer(place.id), .integer(limit)]
        ) { row in
            last = Place(study: try row.integer(0), series: try row.integer(1), id: try row.integer(2))
            ids.append(last.id)
        }
        return (ids, ids.count < limit ? nil : last)
    }

    /// Remembers those of the numbers that are in the range.
    mutating func note(_ ids: [Int64]) {
        for id in ids where self.range.contains(id) {
            let offset = Int(id - self.range.lowerBound)
            self.bits[offset / 64] |= 1 << UInt64(offset % 64)
        }
    }

    /// Removes the folder's files that have no row; blocks.
    func removeOrphans(in folder: Int) throws(ArchiveError) -> (orphansRemoved: Int, missing: [Int64]) {
        let files = Set(try self.vault.ids(in: folder)).filter { self.range.contains($0) }
        var orphansRemoved = 0
        for file in files where !self.hasRow(file) {
            try self.vault.remove(file)
            orphansRemoved += 1
        }
        let missing = FileVault.ids(of: folder, in: self.range).filter { self.hasRow($0) && !files.contains($0) }
        return (orphansRemoved, missing)
    }

    private func hasRow(_ id: Int64) -> Bool {
        let offset = Int(id - self.range.lowerBound)
        return self.bits[offset / 64] & (1 << UInt64(offset % 64)) != 0
    }
}
