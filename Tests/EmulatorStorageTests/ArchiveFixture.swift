import CollimatorCore
import DICOMFiles
import DICOMweb
@testable import EmulatorStorage
import FoundationEssentials
import Logging
import NIOCore
import TestSupport
import Testing

/// An archive of a test's own with one empty store, closed and removed afterwards.
struct ArchiveFixture {
    let archive: Archive
    let directory: String
    let store: DICOMStoreName

    static func with(_ body: (ArchiveFixture) async throws -> Void) async throws {
        let folder = try TemporaryDirectory()
        try await Self.with(directory: folder.path + "/archive", body)
        withExtendedLifetime(folder) {}
    }

    /// The same in a folder that outlives it.
    static func with(
        directory: String,
        faults: FaultPoints = FaultPoints(),
        _ body: (ArchiveFixture) async throws -> Void
    ) async throws {
        let archive = try await Archive.open(.test(directory), faults: faults)
        let store = try storeName("radiology")
        if try await archive.dataset(store.dataset) == nil {
            try await archive.createDataset(store.dataset, body: [])
            try await archive.createStore(store, body: [])
        }
        do {
            try await body(ArchiveFixture(archive: archive, directory: directory, store: store))
        } catch {
            await archive.close()
            throw error
        }
        await archive.close()
    }

    /// Uploads the bytes.
    func upload(
        _ bytes: [UInt8],
        to store: DICOMStoreName? = nil,
        expecting study: StudyUID? = nil
    ) async throws -> StoreOutcome {
        let spool = try self.archive.makeSpoolFile()
        try await spool.write(ByteBuffer(bytes: bytes))
        return await self.archive.storeInstance(spool, in: store ?? self.store, expecting: study)
    }

    /// Uploads the object, which must be stored.
    @discardableResult
    func put(_ object: TestObject) async throws -> ArchivedInstance {
        let outcome = try await self.upload(try object.bytes())
        return try #require(outcome.storedInstance)
    }

    /// Every file below the folder of instances.
    func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: self.directory + "/instances")
            .filter { $0.hasSuffix(".dcm") }.sorted()
    }

    /// Every file that an upload left behind.
    func spooled() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.directory + "/spool")
    }

    func search(
        _ level: SearchLevel,
        _ match: [SearchMatch] = [],
        include: IncludeSelection = .default,
        limit: Int = 1000,
        offset: Int = 0
    ) async throws -> [DataSet] {
        let search = ArchiveSearch(
            store: self.store,
            level: level,
            match: match,
            include: include,
            limit: limit,
            offset: offset,
            dicomWebRoot: ""
        )
        return try await self.archive.search(search, bytesMax: .max).objects.map { try DICOMJSON.dataSet(from: $0) }
    }
}

/// The name of a store in the tests' dataset.
func storeName(_ store: String) throws -> DICOMStoreName {
    let dataset = try #require(DatasetName(project: "p", location: "l", dataset: "d"))
    return try #require(DICOMStoreName(dataset: dataset, store: store))
}

extension ArchiveConfiguration {
    static func test(_ directory: String) -> ArchiveConfiguration {
        var configuration = ArchiveConfiguration(
            directory: directory,
            clock: WallClock(now: { Date(timeIntervalSince1970: 1_700_000_000.5) }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        configuration.deletionPauses = [.milliseconds(1), .milliseconds(2)]
        return configuration
    }
}

extension StoreOutcome {
    var storedInstance: ArchivedInstance? {
        guard case .stored(let instance) = self else { return nil }
        return instance
    }

    var identicalInstance: ArchivedInstance? {
        guard case .identical(let instance) = self else { return nil }
        return instance
    }

    var refusal: RefusalReason? {
        guard case .refused(let reason, _) = self else { return nil }
        return reason
    }

    var failure: ArchiveError? {
        guard case .failed(let error) = self else { return nil }
        return error
    }
}

/// One small object, told by the numbers of its study, series and instance.
struct TestObject {
    var study = 1
    var series = 1
    var instance = 1
    var patientName: String? = "Doe^John"
    var patientID: String? = "P1"
    var accessionNumber: String? = "A1"
    var referringPhysicianName: String? = "Lee^Ann"
    var studyDate: String? = "20260105"
    var modality: String? = "CT"
    /// Makes other bytes of the same UIDs.
    var comment = ""
    var pixels: [UInt8] = [1, 2, 3, 4]
    /// Text of any length, which makes the DICOM JSON as large as the file.
    var text = ""

    var studyUID: String { "1.2.3.\(self.study)" }
    var seriesUID: String { "1.2.3.\(self.study).\(self.series)" }
    var instanceUID: String { "1.2.3.\(self.study).\(self.series).\(self.instance)" }

    var dataSet: DataSet {
        var set = DataSet()
        set.set(Tag(0x0008, 0x0016), vr: .UI, "1.2.840.10008.5.1.4.1.1.2")
        set.set(Tag(0x0008, 0x0018), vr: .UI, self.instanceUID)
        set.set(Tag(0x0020, 0x000D), vr: .UI, self.studyUID)
        set.set(Tag(0x0020, 0x000E), vr: .UI, self.seriesUID)
        for (key, value) in self.keys {
            guard let value else { continue }
            switch key {
            case .patientName, .referringPhysicianName: set.set(key.tag, vr: .PN, .personName(personName(value)))
            case .studyDate: set.set(key.tag, vr: .DA, value)
            case .modality: set.set(key.tag, vr: .CS, value)
            default: set.set(key.tag, vr: .LO, value)
            }
        }
        set.set(Tag(0x0008, 0x0021), vr: .DA, "20260106")
        set.set(Tag(0x0008, 0x1030), vr: .LO, "Study \(self.study)")
        set.set(Tag(0x0008, 0x103E), vr: .LO, "Series \(self.series)")
        set.set(Tag(0x0020, 0x0013), vr: .IS, self.instance)
        set.set(Tag(0x0020, 0x4000), vr: .LT, self.comment)
        set.set(Tag(0x0028, 0x0010), vr: .US, 1)
        set.set(Tag(0x0028, 0x0011), vr: .US, min(self.pixels.count, 0xFFFF))
        set.set(Tag(0x0028, 0x0100), vr: .US, 8)
        if !self.text.isEmpty { set.set(Tag(0x0040, 0xA160), vr: .UT, self.text) }
        set[Tag(0x7FE0, 0x0010)] = Element(vr: .OB, content: .bulkDataURI("pixels"))
        return set
    }

    /// The values that searches compare.
    var keys: [(SearchKey, String?)] {
        [
            (.patientName, self.patientName), (.patientID, self.patientID), (.accessionNumber, self.accessionNumber),
            (.referringPhysicianName, self.referringPhysicianName), (.studyDate, self.studyDate),
            (.modality, self.modality),
        ]
    }

    func bytes() throws -> [UInt8] {
        try Part10Writer.encode(self.dataSet) { _ in self.pixels }
    }

    func scope(in store: DICOMStoreName) throws -> (
        study: InstanceScope, series: InstanceScope, instance: InstanceScope
    ) {
        let study = try #require(StudyUID(self.studyUID))
        let series = try #require(SeriesUID(self.seriesUID))
        let instance = try #require(InstanceUID(self.instanceUID))
        return (
            InstanceScope(store: store, study: study),
            InstanceScope(store: store, study: study, series: series),
            InstanceScope(store: store, study: study, series: series, instance: instance)
        )
    }
}

/// The person name of a text with groups separated by `=`.
private func personName(_ text: String) -> PersonName {
    let groups = text.split(separator: "=", omittingEmptySubsequences: false).map { $0.isEmpty ? nil : String($0) }
    return PersonName(
        alphabetic: groups.first ?? nil,
        ideographic: groups.dropFirst().first ?? nil,
        phonetic: groups.dropFirst(2).first ?? nil
    )
}
