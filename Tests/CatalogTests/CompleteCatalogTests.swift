import Catalog
import CollimatorCore
import DICOMweb
import TestSupport
import Testing

@Suite("A catalog that was filled by other means")
struct CompleteCatalogTests {
    @Test("is current for whoever opens it next once it is marked as complete, and not before")
    func complete() async throws {
        try await withCatalog { catalog, _ in
            let name = try #require(StoreName("radiology"))
            let before = try await Self.status(of: name, catalog)

            try await catalog.markComplete(name)

            let after = try await Self.status(of: name, catalog)
            #expect(!before.isComplete)
            #expect(after.isComplete)
            #expect(after.phase == .current)
            #expect(after.asOfMilliseconds != nil)
        }
    }

    private static func status(of name: StoreName, _ catalog: CatalogStore) async throws -> CatalogStatus {
        let upstream = CatalogUpstream(
            studies: { _ in [] },
            series: { _ in [] },
            study: { _ in nil },
            studyCount: { nil }
        )
        return try await StoreSynchronizer(store: name, upstream: upstream, catalog: catalog).status
    }
}
