internal import Persistence

/// Removes rows that are in no answer any more.
enum Removal {
    /// How many instances go in one transaction.
    static let instancesAtOnce = 500

    /// Removes the first instances of a study or series and gives their numbers.
    static func someInstances(study: Int64, series: Int64?, _ connection: any SQLConnection) throws -> [Int64] {
        let rows =
            if let series {
                try connection.query(
                    "SELECT id FROM instance WHERE study = ?1 AND series = ?2 ORDER BY id LIMIT ?3",
                    [.integer(study), .integer(series), .integer(self.instancesAtOnce)]
                )
            } else {
                try connection.query(
                    "SELECT id FROM instance WHERE study = ?1 ORDER BY series, id LIMIT ?2",
                    [.integer(study), .integer(self.instancesAtOnce)]
                )
            }
        let ids = try rows.map { try $0.integer(0) }
        for id in ids {
            try connection.execute("DELETE FROM instanceMetadata WHERE instance = ?1", [.integer(id)])
            try connection.execute("DELETE FROM instance WHERE id = ?1", [.integer(id)])
        }
        return ids
    }

    /// Removes the row of a series, or those of a study and all of its series, which have no instances left.
    static func parents(study: Int64, series: Int64?, _ connection: any SQLConnection) throws {
        if let series {
            try connection.execute("DELETE FROM series WHERE id = ?1", [.integer(series)])
        } else {
            try connection.execute("DELETE FROM series WHERE study = ?1", [.integer(study)])
            try connection.execute("DELETE FROM study WHERE id = ?1", [.integer(study)])
        }
    }
}
