import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence

/// Fills the catalog of a data folder with made-up studies, from where an earlier run was left.
struct Filling: Sendable {
    let folder: String
    let studies: MadeUpStudies
    /// Studies in one transaction.
    let pageSize: Int

    private static let cacheKiB = 1_048_576
    private static let checkpointPages = 65_536
    /// With more studies to write than this, indices are dropped first and made at the end, each in one go: a page of
    /// studies would touch nearly every page of them.
    private static let withIndicesMax = 1_000
    /// So many studies tell whether a catalog was made as it would be made now.
    private static let compared = 20

    /// What came of it.
    struct Report: Encodable {
        var studies: Int
        /// Those that this run wrote.
        var written: Int
        /// How long writing them took.
        var seconds: Double
        /// What the database takes on the disk.
        var bytes: Int
    }

    func run() async throws -> Report {
        guard let store = StoreName("radiology") else { preconditionFailure("a fixed name is valid") }
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        let schema = try await self.freshSchema(store)
        try self.removeStale(schema)
        let database = try Self.open(self.path)
        let catalog = CatalogStore(database: database, clock: .live)
        try await catalog.prepare()
        let before = try await catalog.count(in: store)
        let began = ContinuousClock.now
        if self.studies.count - before > Self.withIndicesMax { try await schema.dropIndices(of: database) }
        try await self.write(from: before, to: catalog, in: store)
        try await schema.makeIndices(of: database)
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        try await catalog.markComplete(store)
        try await database.checkpoint()
        let count = try await catalog.count(in: store)
        try await database.close()
        return Report(studies: count, written: count - before, seconds: seconds, bytes: try Self.size(of: self.path))
    }

    /// A page is made while the one before is written.
    private func write(from first: Int, to catalog: CatalogStore, in store: StoreName) async throws {
        var page = self.page(from: first)
        var next = first + page.count
        while !page.isEmpty {
            let start = next
            async let following = self.page(from: start)
            // Sweep 1 is the first backfill, which ``CatalogStore/markComplete(_:)`` says was the last.
            try await catalog.put(page, in: store, sweep: 1)
            if next % (10 * self.pageSize) == 0 { StandardError.write("\(next) of \(self.studies.count) studies\n") }
            page = await following
            next += page.count
        }
    }

    private func page(from first: Int, atMost count: Int? = nil) -> [StudyEntry] {
        guard first < self.studies.count else { return [] }
        return (first..<min(first + (count ?? self.pageSize), self.studies.count)).map { self.studies.entry($0) }
    }

    /// What a new catalog looks like, with a few studies in it.
    private func freshSchema(_ store: StoreName) async throws -> Schema {
        let path = "\(self.folder)/empty.db"
        try Self.remove(path)
        let database = try Self.open(path)
        let catalog = CatalogStore(database: database, clock: .live)
        try await catalog.prepare()
        try await catalog.put(self.page(from: 0, atMost: Self.compared), in: store)
        let schema = try await Schema(of: database, withKeys: true)
        try await database.close()
        try Self.remove(path)
        return schema
    }

    /// A catalog with other tables or keys than those of now, or with other studies, is of no use.
    private func removeStale(_ schema: Schema) throws {
        let mark = "\(self.folder)/made-of.txt"
        let first = self.page(from: 0, atMost: Self.compared).map { DICOMJSON.encode($0.attributes) }
        let text = "\(self.studies.count) \(self.studies.seed)\n\(schema.text)\n"
        let wanted = Data(text.utf8) + Data(first.joined())
        if FileManager.default.contents(atPath: mark) != wanted { try Self.remove(self.path) }
        try wanted.write(to: URL(fileURLWithPath: mark))
    }

    private var path: String { "\(self.folder)/catalog.db" }

    private static func open(_ path: String) throws -> Database {
        var configuration = DatabaseConfiguration(path: path)
        configuration.cacheKiB = Self.cacheKiB
        configuration.checkpointPages = Self.checkpointPages
        return try Database.open(configuration)
    }

    private static func remove(_ path: String) throws {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    private static func size(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.size] as? NSNumber)?.intValue ?? 0
    }
}

/// Where progress goes; the report goes to the standard output.
enum StandardError {
    static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
