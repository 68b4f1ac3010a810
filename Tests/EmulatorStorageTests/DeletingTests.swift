import CollimatorCore
import DICOMweb
@testable import EmulatorStorage
import Persistence
import FoundationEssentials
import Testing

@Suite("Deleting")
struct DeletingTests {
    @Test("a study, a series, an instance: that and no more, with files and empty parents")
    func scopes() async throws {
        try await ArchiveFixture.with { fixture in
            for (study, series, instance) in [(1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1), (3, 1, 1)] {
                try await fixture.put(TestObject(study: study, series: series, instance: instance))
            }
            let counts = [
                try await fixture.archive.delete(TestObject().scope(in: fixture.store).instance),
                try await fixture.archive.delete(TestObject(instance: 2).scope(in: fixture.store).instance),
                try await fixture.archive.delete(TestObject(study: 2).scope(in: fixture.store).series),
                try await fixture.archive.delete(TestObject(study: 3).scope(in: fixture.store).study),
            ]
            let left = try await fixture.search(.instance).map { $0.string(.sopInstanceUID) }
            let series = try await fixture.search(.series).map { $0.string(.seriesInstanceUID) }
            let studies = try await fixture.search(.study).map { $0.string(.studyInstanceUID) }
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(counts == [1, 1, 1, 1])
            #expect(left == ["1.2.3.1.2.1"])
            #expect(series == ["1.2.3.1.2"])
            #expect(studies == ["1.2.3.1"])
            #expect(try fixture.files().count == 1)
            #expect(metrics.studyCount == 1 && metrics.seriesCount == 1 && metrics.instanceCount == 1)
        }
    }

    @Test("the last instance takes series, study and every count away")
    func last() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            try await fixture.archive.delete(TestObject().scope(in: fixture.store).instance)
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            let rows = try await fixture.archive.reading { connection in
                try ["study", "series", "instance", "instanceMetadata", "nameToken"].map {
                    try connection.queryOne("SELECT count(*) FROM \($0)")?.integer(0)
                }
            }
            #expect(metrics == StorageMetrics())
            #expect(rows == [0, 0, 0, 0, 0])
            #expect(try fixture.files().isEmpty)
            let again = try await fixture.upload(try TestObject().bytes())
            #expect(again.storedInstance != nil)
        }
    }

    @Test("from the first moment it is out of every answer and its UIDs are refused, until it is done")
    func underWay() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            try await fixture.put(TestObject(series: 2))
            try await fixture.put(TestObject(study: 2))
            let scopes = try TestObject().scope(in: fixture.store)

            let series = try await fixture.archive.beginDeletion(scopes.series)
            let intoSeries = try await fixture.upload(try TestObject(instance: 5).bytes())
            let sameObject = try await fixture.upload(try TestObject().bytes())
            let intoOther = try await fixture.upload(try TestObject(series: 3).bytes())
            let seriesFound = try await fixture.search(.instance).map { $0.string(.sopInstanceUID) }
            #expect(intoSeries.refusal == .deleting)
            #expect(sameObject.refusal == .deleting)
            #expect(intoOther.storedInstance != nil)
            #expect(seriesFound == ["1.2.3.1.2.1", "1.2.3.1.3.1", "1.2.3.2.1.1"])
            await #expect(throws: ArchiveError.notFound) { _ = try await fixture.archive.beginDeletion(scopes.series) }

            let study = try await fixture.archive.beginDeletion(scopes.study)
            let intoStudy = try await fixture.upload(try TestObject(series: 9).bytes())
            let metadata = try await fixture.archive.metadata(scopes.study, dicomWebRoot: "")
            let fuzzy = try await fixture.search(.study, [.fuzzyPatientName("doe")])
            let bySeries = try await fixture.search(.instance, [.equals(.modality, "CT")])
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(study.instanceCount == 2)
            #expect(intoStudy.refusal == .deleting)
            #expect(metadata.count == 0)
            #expect(fuzzy.map { $0.string(.studyInstanceUID) } == ["1.2.3.2"])
            #expect(bySeries.count == 1)
            #expect(metrics.instanceCount == 1 && metrics.seriesCount == 1 && metrics.studyCount == 1)

            try await fixture.archive.finishDeletion(series)
            try await fixture.archive.finishDeletion(study)
            let again = try await fixture.upload(try TestObject().bytes())
            #expect(again.storedInstance != nil)
            #expect(try fixture.files().count == 2)
        }
    }

    @Test("what is not there is not found")
    func missing() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            for object in [TestObject(study: 2), TestObject(series: 2), TestObject(instance: 2)] {
                let scope = try object.scope(in: fixture.store).instance
                await #expect(throws: ArchiveError.notFound) { try await fixture.archive.delete(scope) }
            }
            let elsewhere = try TestObject().scope(in: storeName("nowhere")).study
            await #expect(throws: ArchiveError.storeNotFound) { try await fixture.archive.delete(elsewhere) }
            #expect(try fixture.files().count == 1)
        }
    }

    @Test("a study larger than one transaction goes in parts")
    func large() async throws {
        try await ArchiveFixture.with { fixture in
            let count = Removal.instancesAtOnce + 1
            try await fixture.archive.importSynthetic(
                SyntheticContent(studies: 0..<2, seriesPerStudy: 1, instancesPerSeries: count),
                into: fixture.store
            )
            let uid = try #require(StudyUID("1.2.826.0.1.3680043.10.1338.0"))
            let removed = try await fixture.archive.delete(InstanceScope(store: fixture.store, study: uid))
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(removed == Int64(count))
            #expect(metrics.instanceCount == Int64(count))
        }
    }

    @Test("a file that cannot be removed does not fail the deletion")
    func unremovable() async throws {
        try await ArchiveFixture.with { fixture in
            let stored = try await fixture.put(TestObject())
            // A folder in its place cannot be unlinked.
            try FileManager.default.removeItem(atPath: stored.filePath)
            try FileManager.default.createDirectory(atPath: stored.filePath, withIntermediateDirectories: false)
            let count = try await fixture.archive.delete(TestObject().scope(in: fixture.store).study)
            let again = try await fixture.upload(try TestObject().bytes())
            #expect(count == 1)
            #expect(again.storedInstance != nil)
        }
    }

    @Test("one that fails halfway is tried again, and is an error only when it still fails")
    func retried() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            try await fixture.put(TestObject(study: 2))
            try await fixture.archive.writing { connection in
                _ = try connection.execute(
                    "CREATE TRIGGER stuck BEFORE DELETE ON series BEGIN SELECT RAISE(ABORT, 'stuck'); END"
                )
            }
            let scope = try TestObject().scope(in: fixture.store).study
            let deletion = try await fixture.archive.beginDeletion(scope)
            await #expect(throws: ArchiveError.internalFault) {
                try await fixture.archive.finishDeletion(deletion)
            }
            let refused = try await fixture.upload(try TestObject().bytes())
            #expect(refused.refusal == .deleting)
            // What nobody waits for goes on by itself once it can.
            let count = try await fixture.archive.delete(TestObject(study: 2).scope(in: fixture.store).study)
            try await fixture.archive.writing { connection in _ = try connection.execute("DROP TRIGGER stuck") }
            try await fixture.archive.finishDeletion(deletion)
            await fixture.archive.settled()
            let again = try await fixture.upload(try TestObject().bytes())
            #expect(count == 1)
            #expect(again.storedInstance != nil)
        }
    }

    @Test("one that fails is tried again until it succeeds")
    func succeedsLater() async throws {
        let folder = try TestFolder()
        let attempts = AsyncStream.makeStream(of: Void.self)
        let faults = FaultPoints { point in
            if point == .rowsDeleted { attempts.continuation.yield() }
        }
        var configuration = ArchiveConfiguration.test(folder.path)
        configuration.deletionPauses = Array(repeating: .milliseconds(5), count: 2000)
        let archive = try await Archive.open(configuration, faults: faults)
        let store = try storeName("radiology")
        try await archive.createDataset(store.dataset, body: [])
        try await archive.createStore(store, body: [])
        let fixture = ArchiveFixture(archive: archive, directory: folder.path, store: store)
        try await fixture.put(TestObject())
        try await archive.writing { connection in
            _ = try connection.execute(
                "CREATE TRIGGER stuck BEFORE DELETE ON series BEGIN SELECT RAISE(ABORT, 'stuck'); END"
            )
        }
        let deletion = try await archive.beginDeletion(TestObject().scope(in: store).study)
        async let finished: Void = archive.finishDeletion(deletion)
        // Each attempt looks for rows anew: at the third, two have failed.
        var count = 0
        for await _ in attempts.stream {
            count += 1
            if count == 4 { break }
        }
        try await archive.writing { connection in _ = try connection.execute("DROP TRIGGER stuck") }
        try await finished
        let again = try await fixture.upload(try TestObject().bytes())
        #expect(again.storedInstance != nil)
        await archive.close()
    }

    @Test("a file that is open stays readable")
    func openFile() async throws {
        try await ArchiveFixture.with { fixture in
            let stored = try await fixture.put(TestObject())
            let file = try OpenFile(stored.filePath)
            try await fixture.archive.delete(TestObject().scope(in: fixture.store).study)
            #expect(!FileManager.default.fileExists(atPath: stored.filePath))
            #expect(try file.bytes() == TestObject().bytes())
        }
    }
}
