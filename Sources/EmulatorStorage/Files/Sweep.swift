internal import Persistence

/// Finds files without rows and rows without files among those that an earlier process left.
struct Sweep: Sendable {
    private let vault: FileVault
    /// The instances of the index, folder by folder.
    private let rows: [Set<Int64>]
    /// Files from here on are being stored by this process.
    private let end: Int64

    /// Reads the numbers of all instances; `end` is the first that this process may give to a file.
    init(vault: FileVault, end: Int64, _ connection: any SQLConnection) throws {
        var rows = Array(repeating: Set<Int64>(), count: FileVault.folderCount)
        // In this order an index has all that is asked for, and the rows themselves are not read.
        try connection.forEach("SELECT id FROM instance ORDER BY study, series, id", []) { row in
            let id = try row.integer(0)
            rows[FileVault.folder(of: id)].insert(id)
        }
        self.vault = vault
        self.rows = rows
        self.end = end
    }

    /// The first number that no earlier process has reserved for a file.
    static func end(_ connection: any SQLConnection) throws -> Int64 {
        try connection.queryOne("SELECT value FROM counter WHERE name = 'instance'")?.integer(0) ?? 0
    }

    /// Removes the folder's files that have no row; blocks.
    func removeOrphans(in folder: Int) throws(ArchiveError) -> (orphansRemoved: Int, missing: [Int64]) {
        let files = Set(try self.vault.ids(in: folder))
        let expected = self.rows[folder].filter { $0 < self.end }
        let orphans = files.subtracting(expected).filter { $0 < self.end }
        for orphan in orphans {
            try self.vault.remove(orphan)
        }
        return (orphans.count, expected.subtracting(files).sorted())
    }
}
