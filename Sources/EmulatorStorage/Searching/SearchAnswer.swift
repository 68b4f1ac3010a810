internal import DICOMweb
internal import Persistence

/// Makes the JSON objects of a search from the rows that it found.
struct SearchAnswer {
    private let connection: any SQLConnection
    private let search: ArchiveSearch
    private let root: [UInt8]
    /// The tags that are asked for beyond the default; nil where all are wanted.
    private let fields: Set<UInt32>?
    /// The attributes of the study and series that the latest row belongs to: rows of one series come together.
    private var latest: (series: Int64, attributes: AttributeFragment)?

    init(_ search: ArchiveSearch, _ connection: any SQLConnection) {
        self.connection = connection
        self.search = search
        self.root = BulkDataURIs.root(search.dicomWebRoot)
        switch search.include {
        case .default: self.fields = []
        case .all: self.fields = nil
        case .fields(let tags): self.fields = TagNumbers.numbers(tags)
        }
    }

    /// The object of one row.
    ///
    /// - Throws: `SearchRow.Gone` where it is not there any more.
    mutating func object(_ row: SearchRow) throws -> [UInt8] {
        switch self.search.level {
        case .study:
            return try self.attributes(ofStudy: row.study).json(mergedWith: AttributeFragment(bytes: []))
        case .series:
            let series = try self.attributes(ofSeries: row.series)
            return try self.attributes(ofStudy: row.study).json(mergedWith: series)
        case .instance:
            return try self.instance(row.instance, series: row.series, study: row.study)
        }
    }

    private mutating func instance(_ id: Int64, series: Int64, study: Int64) throws -> [UInt8] {
        guard let fields = self.fields else { return try self.whole(id) }
        let upper = try self.parents(series, study)
        let own = AttributeFragment(bytes: try self.blob("SELECT attributes FROM instance WHERE id = ?1", id))
        guard !fields.isEmpty else { return upper.json(mergedWith: own) }
        // Only here is a text looked through: any attribute may be asked for.
        let json = try self.blob("SELECT json FROM instanceMetadata WHERE instance = ?1", id)
        guard let members = JSONMembers(json) else { throw ArchiveError.internalFault }
        let more = AttributeFragment(json, members) { fields.contains($0) }
        return BulkDataURIs.rooted(upper.merged(with: own).json(mergedWith: more), root: self.root)
    }

    /// The whole metadata of an instance, which has the attributes of its study and series in it.
    private func whole(_ id: Int64) throws -> [UInt8] {
        let row = try self.connection.queryOne(
            "SELECT json, uriOffsets FROM instanceMetadata WHERE instance = ?1",
            [.integer(id)]
        )
        guard let row else { throw SearchRow.Gone() }
        return BulkDataURIs.rooted(try row.blob(0), BulkDataURIs.decoded(try row.blob(1)), root: self.root)
    }

    private mutating func parents(_ series: Int64, _ study: Int64) throws -> AttributeFragment {
        if let latest = self.latest, latest.series == series { return latest.attributes }
        let attributes = try self.attributes(ofStudy: study).merged(with: self.attributes(ofSeries: series))
        self.latest = (series, attributes)
        return attributes
    }

    private func attributes(ofStudy id: Int64) throws -> AttributeFragment {
        try self.fragment(
            "SELECT attributes FROM study WHERE id = ?1",
            "SELECT attributes, moreAttributes FROM study WHERE id = ?1",
            id
        )
    }

    private func attributes(ofSeries id: Int64) throws -> AttributeFragment {
        try self.fragment(
            "SELECT attributes FROM series WHERE id = ?1",
            "SELECT attributes, moreAttributes FROM series WHERE id = ?1",
            id
        )
    }

    private func fragment(_ defaultSQL: String, _ allSQL: String, _ id: Int64) throws -> AttributeFragment {
        if self.fields?.isEmpty == true { return AttributeFragment(bytes: try self.blob(defaultSQL, id)) }
        guard let row = try self.connection.queryOne(allSQL, [.integer(id)]) else { throw SearchRow.Gone() }
        var more = AttributeFragment(bytes: try row.blob(1))
        if let fields = self.fields { more = more.filtered { fields.contains($0) } }
        return AttributeFragment(bytes: try row.blob(0)).merged(with: more)
    }

    private func blob(_ sql: String, _ id: Int64) throws -> [UInt8] {
        guard let row = try self.connection.queryOne(sql, [.integer(id)]) else { throw SearchRow.Gone() }
        return try row.blob(0)
    }
}
