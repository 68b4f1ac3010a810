import CollimatorCore
@testable import EmulatorStorage
import Persistence
import Testing

@Suite("Datasets and DICOM stores")
struct AdministrationTests {
    @Test("are made once, read, changed and deleted")
    func life() async throws {
        try await ArchiveFixture.with { fixture in
            let archive = fixture.archive
            let name = try #require(DatasetName(project: "p", location: "l", dataset: "e"))
            let absent = try await archive.dataset(name)
            try await archive.createDataset(name, body: [1])
            let made = try await archive.dataset(name)
            await #expect(throws: ArchiveError.alreadyExists) { try await archive.createDataset(name, body: [2]) }
            try await archive.updateDataset(name, body: [3], replacing: [1])
            await #expect(throws: ArchiveError.changed) {
                try await archive.updateDataset(name, body: [4], replacing: [1])
            }
            let changed = try await archive.dataset(name)
            try await archive.deleteDataset(name)
            let deleted = try await archive.dataset(name)
            await #expect(throws: ArchiveError.datasetNotFound) { try await archive.deleteDataset(name) }
            #expect([absent?.body, made?.body, changed?.body, deleted?.body] == [nil, [1], [3], nil])
        }
    }

    @Test("a store needs its dataset and a name that is free")
    func stores() async throws {
        try await ArchiveFixture.with { fixture in
            let archive = fixture.archive
            let elsewhere = try #require(DICOMStoreName("projects/p/locations/l/datasets/x/dicomStores/s"))
            await #expect(throws: ArchiveError.datasetNotFound) { try await archive.createStore(elsewhere, body: []) }
            await #expect(throws: ArchiveError.alreadyExists) { try await archive.createStore(fixture.store, body: []) }
            await #expect(throws: ArchiveError.storeNotFound) { try await archive.deleteStore(elsewhere) }
            try await archive.updateStore(fixture.store, body: [7], replacing: [])
            await #expect(throws: ArchiveError.changed) {
                try await archive.updateStore(fixture.store, body: [8], replacing: [])
            }
            let record = try await archive.store(fixture.store)
            #expect(record == StoreRecord(name: fixture.store, body: [7]))
        }
    }

    @Test("are listed by name, a page at a time", arguments: [1, 2, 3, 5, 6, 100])
    func pages(pageSize: Int) async throws {
        try await ArchiveFixture.with { fixture in
            for store in ["e", "b", "d", "c"] {
                try await fixture.archive.createStore(storeName(store), body: [])
            }
            var names: [String] = []
            var after: String?
            repeat {
                let page = try await fixture.archive.stores(
                    in: fixture.store.dataset,
                    pageSize: pageSize,
                    after: after
                )
                #expect(page.items.count <= pageSize)
                names += page.items.map(\.name.store)
                after = page.next
            } while after != nil
            #expect(names == ["b", "c", "d", "e", "radiology"])
            let datasets = try await fixture.archive.datasets(
                project: "p",
                location: "l",
                pageSize: pageSize,
                after: nil
            )
            let elsewhere = try await fixture.archive.datasets(project: "p", location: "m", pageSize: 9, after: nil)
            #expect(datasets.items.map(\.name) == [fixture.store.dataset])
            #expect(datasets.next == nil)
            #expect(elsewhere.items.isEmpty)
        }
    }

    @Test("deleting a store takes its files away and frees its name at once")
    func deleteStore() async throws {
        try await ArchiveFixture.with { fixture in
            let other = try storeName("other")
            try await fixture.archive.createStore(other, body: [])
            _ = try await fixture.upload(try TestObject().bytes(), to: other)
            for instance in 1...3 {
                try await fixture.put(TestObject(instance: instance))
            }
            try await fixture.archive.deleteStore(fixture.store)
            await #expect(throws: ArchiveError.storeNotFound) { _ = try await fixture.search(.study) }
            try await fixture.archive.createStore(fixture.store, body: [])
            let empty = try await fixture.search(.instance)
            await fixture.archive.settled()
            #expect(empty.isEmpty)
            #expect(try fixture.files().count == 1)
            let again = try await fixture.upload(try TestObject().bytes())
            #expect(again.storedInstance != nil)
        }
    }

    @Test("deleting a dataset takes everything below it away")
    func deleteDataset() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            _ = try await fixture.archive.createOperation(in: fixture.store.dataset, body: [])
            try await fixture.archive.deleteDataset(fixture.store.dataset)
            await fixture.archive.settled()
            #expect(try fixture.files().isEmpty)
            let unfinished = try await fixture.archive.unfinishedOperations()
            let left = try await fixture.archive.reading { connection in
                try ["dicomStore", "study", "series", "instance", "instanceMetadata", "nameToken", "operation"].map {
                    try connection.queryOne("SELECT count(*) FROM \($0)")?.integer(0)
                }
            }
            #expect(unfinished.isEmpty)
            #expect(left == [0, 0, 0, 0, 0, 0, 0])
        }
    }
}

@Suite("Operations")
struct OperationTests {
    @Test("are written down, found, listed in order and changed")
    func life() async throws {
        try await ArchiveFixture.with { fixture in
            let dataset = fixture.store.dataset
            var first = try await fixture.archive.createOperation(in: dataset, body: [1], work: [9])
            let second = try await fixture.archive.createOperation(in: dataset, body: [2])
            let page = try await fixture.archive.operations(in: dataset, pageSize: 1, after: nil)
            let rest = try await fixture.archive.operations(in: dataset, pageSize: 5, after: page.next)
            #expect(page.items == [first])
            #expect(rest.items == [second])
            #expect(rest.next == nil)
            first.isDone = true
            first.body = [3]
            try await fixture.archive.updateOperation(first)
            let found = try await fixture.archive.operation(first.id, in: dataset)
            let unfinished = try await fixture.archive.unfinishedOperations()
            #expect(found == first)
            #expect(unfinished == [second])
        }
    }

    @Test("that are done give way to new ones, the oldest first; those that are not done stay")
    func retention() async throws {
        try await ArchiveFixture.with { fixture in
            let (archive, dataset) = (fixture.archive, fixture.store.dataset)
            let unfinished = try await archive.createOperation(in: dataset, body: [])
            let extra = 3
            try await archive.writing { connection in
                for id in 1...(Archive.doneOperationsMax + extra) {
                    try connection.execute(
                        """
                        INSERT INTO operation (id, dataset, isDone, body, work)
                        SELECT ?1, dataset, 1, body, work FROM operation WHERE id = ?2
                        """,
                        [.integer(100 + id), .integer(unfinished.id)]
                    )
                }
                try connection.execute("UPDATE counter SET value = 9999 WHERE name = 'operation'")
            }
            _ = try await archive.createOperation(in: dataset, body: [])
            let counts = try await archive.reading { connection in
                try ["isDone = 1", "isDone = 0"].map {
                    try connection.queryOne("SELECT count(*), min(id) FROM operation WHERE \($0)").map {
                        [try $0.integer(0), try $0.integer(1)]
                    }
                }
            }
            #expect(counts == [[Int64(Archive.doneOperationsMax), Int64(101 + extra)], [2, unfinished.id]])
        }
    }

    @Test("of another dataset, of another number and of no dataset are not found")
    func missing() async throws {
        try await ArchiveFixture.with { fixture in
            let other = try #require(DatasetName(project: "p", location: "l", dataset: "e"))
            await #expect(throws: ArchiveError.datasetNotFound) {
                _ = try await fixture.archive.createOperation(in: other, body: [])
            }
            try await fixture.archive.createDataset(other, body: [])
            let operation = try await fixture.archive.createOperation(in: other, body: [])
            let elsewhere = try await fixture.archive.operation(operation.id, in: fixture.store.dataset)
            let unknown = try await fixture.archive.operation(operation.id + 1, in: other)
            try await fixture.archive.deleteDataset(other)
            #expect(elsewhere == nil)
            #expect(unknown == nil)
            await #expect(throws: ArchiveError.notFound) { try await fixture.archive.updateOperation(operation) }
        }
    }
}
