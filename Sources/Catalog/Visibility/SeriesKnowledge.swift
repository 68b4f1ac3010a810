internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// What is known of a study's series beside what the store says of them: who stored them, and what they refer to.
struct SeriesKnowledge {
    let study: Int64
    let connection: any SQLConnection

    /// The entry with it.
    func completing(_ entry: StudyEntry) throws -> StudyEntry {
        guard entry.series?.isEmpty == false else { return entry }
        var entry = entry
        let references = try self.references()
        let uploads = try self.uploads(of: entry.study)
        for index in (entry.series ?? []).indices {
            guard let one = entry.series?[index] else { continue }
            entry.series?[index].references = references[one.series.rawValue]
            // Of a series that has more than was stored through us, somebody unknown has stored some.
            guard let known = uploads[one.series.rawValue], let count = one.instanceCount, known.count >= count
            else { continue }
            entry.series?[index].uploaders = known.uploaders
        }
        return entry
    }

    private func references() throws -> [String: Set<SeriesUID>] {
        var references: [String: Set<SeriesUID>] = [:]
        try self.connection.forEach(
            "SELECT uid, referenced FROM series WHERE study = ?1 AND referenced IS NOT NULL",
            [.integer(self.study)]
        ) { row in
            references[try row.text(0)] = Set(
                try row.text(1).split(separator: "\\").compactMap { SeriesUID(String($0)) }
            )
        }
        return references
    }

    private struct Uploads {
        var count = 0
        var uploaders: Set<Principal> = []
    }

    private func uploads(of study: StudyUID) throws -> [String: Uploads] {
        var uploads: [String: Uploads] = [:]
        try self.connection.forEach(
            """
            SELECT s.series, u.principal, COUNT(*)
            FROM uploadedSeries s
            JOIN uploadedInstance i ON i.series = s.id
            JOIN uploader u ON u.id = i.uploader
            WHERE s.study = ?2 AND s.store = (
                SELECT t.name FROM study r JOIN store t ON t.id = r.store WHERE r.id = ?1
            )
            GROUP BY s.series, u.principal
            """,
            [.integer(self.study), .text(study.rawValue)]
        ) { row in
            guard let uploader = Principal(try row.text(1)) else {
                throw CollimatorError(.internalError, "an uploader in the catalog cannot be read")
            }
            uploads[try row.text(0), default: Uploads()].count += Int(try row.integer(2))
            uploads[try row.text(0), default: Uploads()].uploaders.insert(uploader)
        }
        return uploads
    }
}
