import DICOMweb
@testable import EmulatorStorage
import FoundationEssentials
import NIOCore
import Testing

@Suite("Retrieving")
struct RetrievingTests {
    @Test(
        "gives the instances of a study, a series and an instance, in parts of any size",
        arguments: [1, 2, 3, 7, 100]
    )
    func instances(limit: Int) async throws {
        try await ArchiveFixture.with { fixture in
            for (series, instance) in [(2, 1), (1, 1), (2, 2), (1, 2), (1, 3)] {
                try await fixture.put(TestObject(series: series, instance: instance))
            }
            try await fixture.put(TestObject(study: 2))
            let scopes = try TestObject().scope(in: fixture.store)
            for (scope, expected) in [
                (scopes.study, ["2.1", "2.2", "1.1", "1.2", "1.3"]), (scopes.series, ["1.1", "1.2", "1.3"]),
                (scopes.instance, ["1.1"]),
            ] {
                let found = try await fixture.all(scope, limit: limit)
                #expect(found.map(\.instance.rawValue) == expected.map { "1.2.3.1.\($0)" })
            }
        }
    }

    @Test(
        "gives the metadata in the same order, with URIs below the root, in parts of any size",
        arguments: [1, 2, 100]
    )
    func metadata(limit: Int) async throws {
        try await ArchiveFixture.with { fixture in
            for (series, instance) in [(2, 1), (1, 1), (2, 2)] {
                try await fixture.put(TestObject(series: series, instance: instance))
            }
            let scope = try TestObject().scope(in: fixture.store).study
            var objects: [DataSet] = []
            var cursor: InstanceCursor?
            repeat {
                let page = try await fixture.archive.metadata(
                    scope,
                    dicomWebRoot: "https://h/x/",
                    after: cursor,
                    limit: limit
                )
                let sets = try DICOMJSON.dataSets(from: Array("[".utf8) + page.json.readableBytesView + Array("]".utf8))
                #expect(sets.count == page.count)
                objects += sets
                cursor = page.next
            } while cursor != nil
            #expect(objects.map { $0.string(.sopInstanceUID) } == ["1.2.3.1.2.1", "1.2.3.1.2.2", "1.2.3.1.1.1"])
            let uris = objects.map { $0[.pixelData]?.content }
            let expected = ["2/instances/1.2.3.1.2.1", "2/instances/1.2.3.1.2.2", "1/instances/1.2.3.1.1.1"].map {
                Element.Content.bulkDataURI("https://h/x/studies/1.2.3.1/series/1.2.3.1.\($0)/bulkdata/7FE00010")
            }
            #expect(uris == expected)
            #expect(objects.allSatisfy { $0[.transferSyntaxUID] != nil })
        }
    }

    @Test("ends a part of the metadata by its bytes, and goes on behind it")
    func metadataBytes() async throws {
        try await ArchiveFixture.with { fixture in
            for (series, instance) in [(1, 1), (1, 2), (2, 1)] {
                try await fixture.put(TestObject(series: series, instance: instance))
            }
            let scopes = try TestObject().scope(in: fixture.store)
            var counts: [Int] = []
            var cursor: InstanceCursor?
            repeat {
                let page = try await fixture.archive.metadata(
                    scopes.study,
                    dicomWebRoot: "",
                    after: cursor,
                    bytesMax: 1
                )
                counts.append(page.count)
                cursor = page.next
            } while cursor != nil
            #expect(counts.filter { $0 > 0 } == [1, 1, 1])
            // A single instance is whole, and the end.
            let single = try await fixture.archive.metadata(scopes.instance, dicomWebRoot: "", bytesMax: 1)
            #expect(single.count == 1)
            #expect(single.next == nil)
        }
    }

    @Test("goes on behind a place that has been deleted meanwhile")
    func deletedPlace() async throws {
        try await ArchiveFixture.with { fixture in
            for instance in 1...4 {
                try await fixture.put(TestObject(instance: instance))
            }
            let scope = try TestObject().scope(in: fixture.store).study
            let first = try await fixture.archive.instances(scope, limit: 2)
            try await fixture.archive.delete(TestObject(instance: 2).scope(in: fixture.store).instance)
            let rest = try await fixture.archive.instances(scope, after: first.next)
            #expect(rest.items.map(\.instance.rawValue) == ["1.2.3.1.1.3", "1.2.3.1.1.4"])
        }
    }

    @Test("gives nothing of what is not there")
    func missing() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            for object in [TestObject(study: 2), TestObject(series: 2), TestObject(instance: 2)] {
                let scope = try object.scope(in: fixture.store).instance
                let found = try await fixture.archive.instance(scope)
                let metadata = try await fixture.archive.metadata(scope, dicomWebRoot: "")
                let isThere = try await fixture.archive.contains(scope)
                #expect(found == nil)
                #expect(metadata.count == 0)
                #expect(!isThere)
            }
            // The right instance under the wrong series is not there either.
            try await fixture.put(TestObject(series: 2))
            let study = try #require(StudyUID("1.2.3.1"))
            let series = try #require(SeriesUID("1.2.3.1.2"))
            let instance = try #require(InstanceUID("1.2.3.1.1.1"))
            let scope = InstanceScope(store: fixture.store, study: study, series: series, instance: instance)
            let found = try await fixture.archive.instance(scope)
            #expect(found == nil)
        }
    }

    @Test("keeps counts and sizes as objects come and go")
    func metrics() async throws {
        try await ArchiveFixture.with { fixture in
            var sizes: Int64 = 0
            var structured: Int64 = 0
            for (study, series, instance) in [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1)] {
                let stored = try await fixture.put(TestObject(study: study, series: series, instance: instance))
                if study == 1 {
                    sizes += stored.sizeBytes
                    structured += stored.structuredSizeBytes
                }
            }
            let scopes = try TestObject().scope(in: fixture.store)
            let study = try await fixture.archive.metrics(of: scopes.study)
            let series = try await fixture.archive.metrics(of: scopes.series)
            #expect(
                study
                    == StorageMetrics(
                        studyCount: 1,
                        seriesCount: 2,
                        instanceCount: 3,
                        structuredSizeBytes: structured,
                        blobSizeBytes: sizes
                    )
            )
            #expect(series.instanceCount == 2)
            try await fixture.archive.delete(TestObject(study: 2).scope(in: fixture.store).study)
            let store = try await fixture.archive.metrics(of: fixture.store)
            #expect(store == study)
            let gone = try TestObject(study: 2).scope(in: fixture.store).study
            await #expect(throws: ArchiveError.notFound) { _ = try await fixture.archive.metrics(of: gone) }
        }
    }

    @Test("changes the storage class of what is named and of nothing else")
    func storageClass() async throws {
        try await ArchiveFixture.with { fixture in
            for series in 1...2 {
                try await fixture.put(TestObject(series: series))
            }
            let scopes = try TestObject().scope(in: fixture.store)
            let count = try await fixture.archive.setStorageClass(.nearline, of: scopes.series)
            let classes = try await fixture.all(scopes.study).map(\.storageClass)
            let total = try await fixture.archive.setStorageClass(.archive, in: fixture.store)
            let all = try await fixture.all(scopes.study).map(\.storageClass)
            #expect(count == 1)
            #expect(classes == [.nearline, .standard])
            #expect(total == 2)
            #expect(all == [.archive, .archive])
            let missing = try TestObject(study: 5).scope(in: fixture.store).study
            await #expect(throws: ArchiveError.notFound) {
                try await fixture.archive.setStorageClass(.standard, of: missing)
            }
        }
    }
}

extension ArchiveFixture {
    /// Every instance of the scope.
    func all(_ scope: InstanceScope, limit: Int = 1000) async throws -> [ArchivedInstance] {
        var items: [ArchivedInstance] = []
        var cursor: InstanceCursor?
        repeat {
            let page = try await self.archive.instances(scope, after: cursor, limit: limit)
            items += page.items
            cursor = page.next
        } while cursor != nil
        return items
    }
}
