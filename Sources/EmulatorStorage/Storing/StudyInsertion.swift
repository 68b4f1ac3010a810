internal import Persistence

/// Inserts the rows of new studies and series.
enum StudyInsertion {
    /// The number of the new study.
    static func insert(
        _ study: StudyDescription,
        uid: String,
        _ store: Int64,
        _ connection: any SQLConnection
    ) throws -> Int64 {
        let row = try connection.queryOne(
            """
            INSERT INTO study (store, listing, uid, patientName, patientNameGroups, patientID, accessionNumber,
                referringPhysicianName, referringPhysicianNameGroups, studyDate, attributes, moreAttributes)
            VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id
            """,
            [
                .integer(store), .text(uid), .text(study.patientName.alphabetic), .text(study.patientName.groups),
                .text(study.patientID), .text(study.accessionNumber), .text(study.referringPhysicianName.alphabetic),
                .text(study.referringPhysicianName.groups), .text(study.studyDate), .blob(study.attributes.bytes),
                .blob(study.moreAttributes.bytes),
            ]
        )
        guard let id = try row?.integer(0) else { throw ArchiveError.internalFault }
        for token in study.patientName.tokens {
            try connection.execute(
                "INSERT INTO nameToken (study, token, listing) VALUES (?1, ?2, ?3)",
                [.integer(id), .text(token), .integer(store)]
            )
        }
        return id
    }

    /// The number of the new series.
    static func insert(
        _ series: SeriesDescription,
        uid: String,
        _ place: Place,
        _ connection: any SQLConnection
    ) throws -> Int64 {
        let row = try connection.queryOne(
            """
            INSERT INTO series (study, listing, uid, modality, attributes, moreAttributes)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id
            """,
            [
                .integer(place.study), .integer(place.store), .text(uid), .text(series.modality),
                .blob(series.attributes.bytes), .blob(series.moreAttributes.bytes),
            ]
        )
        guard let id = try row?.integer(0) else { throw ArchiveError.internalFault }
        return id
    }
}
