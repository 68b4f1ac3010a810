@testable import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import TestSupport
import Testing

/// A catalog of some twenty thousand studies in two stores, the same every time.
///
/// `radiology` has nearly all of them; `trial` has a few. One name in a hundred is rare, `Smith` has one study in ten,
/// half of the studies are CT, and the week from 2026-01-05 on has a tenth of all.
struct GeneratedCatalog {
    static let count = 20_000
    static let inTrial = 40
    let store: CatalogStore
    let database: Database
    let radiology: StoreName
    let trial: StoreName

    /// Runs the closure with the catalog in a folder of its own.
    static func with(_ body: (GeneratedCatalog) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        let catalog = try await GeneratedCatalog(path: "\(folder.path)/catalog.db")
        try await body(catalog)
        try await catalog.database.close()
        withExtendedLifetime(folder) {}
    }

    private init(path: String) async throws {
        self.database = try Database.open(DatabaseConfiguration(path: path))
        self.store = CatalogStore(
            database: self.database,
            clock: WallClock { Date(timeIntervalSince1970: 1_790_000_000) }
        )
        self.radiology = try #require(StoreName("radiology"))
        self.trial = try #require(StoreName("trial"))
        try await self.store.prepare()
        var random = SeededGenerator(seed: 4)
        for start in stride(from: 0, to: Self.count, by: 1_000) {
            let entries = try (start..<start + 1_000).map { try Self.entry($0, &random) }
            try await self.store.put(entries, in: self.radiology)
        }
        let few = try (0..<Self.inTrial).map { try Self.entry($0, &random) }
        try await self.store.put(few, in: self.trial)
    }

    private static func entry(_ index: Int, _ random: inout SeededGenerator) throws -> StudyEntry {
        let family =
            index % 10 == 0 ? "Smith" : index % 500 == 3 ? "Zyx" : "Name\(Int.random(in: 0..<2_000, using: &random))"
        let isBusy = index % 10 == 1
        let day = isBusy ? 5 + index / 10 % 7 : Int.random(in: 1...28, using: &random)
        let month = isBusy ? 1 : Int.random(in: 1...12, using: &random)
        let year = isBusy ? 2026 : Int.random(in: 2010...2025, using: &random)
        let date = "\(year)" + (month < 10 ? "0" : "") + "\(month)" + (day < 10 ? "0" : "") + "\(day)"
        return try StudyEntry.made(
            "1.2.840.\(index + 1)",
            [
                (.patientName, "\(family)^Given\(index % 50)"), (.patientID, "MRN-\(index / 3)"),
                (.studyDate, date), (.studyTime, "1030"), (.accessionNumber, "A\(index)"),
                (.studyDescription, index % 3 == 0 ? "CT CHEST" : "MR Brain w/o"),
                (.patientBirthDate, "\(1930 + index % 80)0101"),
            ],
            modalities: [index % 2 == 0 ? "CT" : index % 50 == 1 ? "XA" : "MR"]
        )
    }
}
