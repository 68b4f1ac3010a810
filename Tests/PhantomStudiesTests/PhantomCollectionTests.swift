import DICOMFiles
import DICOMweb
import Foundation
import TestSupport
import Testing

@testable import PhantomStudies

@Suite("PhantomCollection")
struct PhantomCollectionTests {
    private static let files = Array(PhantomCollection(seed: 7, detail: .reduced))

    @Test("The same seed makes the same bytes, another seed others")
    func determinism() {
        let again = PhantomCollection(seed: 7, detail: .reduced)
        #expect(zip(again, Self.files).allSatisfy { $0.bytes == $1.bytes && $0.relativePath == $1.relativePath })
        let other = PhantomCollection(seed: 8, detail: .reduced)
        #expect(zip(other, Self.files).allSatisfy { $0.instanceUID != $1.instanceUID && $0.bytes != $1.bytes })
    }

    @Test("The counts are those of the files")
    func counts() {
        let collection = PhantomCollection(seed: 7, detail: .reduced)
        #expect(collection.count == Self.files.count)
        #expect(collection.studyCount == Set(Self.files.map(\.studyUID)).count)
        #expect(collection.patientCount == 12)
    }

    @Test("Every UID is made of the seed and stands once; every path is plain and stands once")
    func identities() {
        #expect(Set(Self.files.map(\.instanceUID)).count == Self.files.count)
        #expect(Set(Self.files.map(\.relativePath)).count == Self.files.count)
        for file in Self.files {
            #expect(file.instanceUID.rawValue.hasPrefix("2.25."))
            #expect(file.studyUID.rawValue.hasPrefix("2.25."))
            #expect(file.relativePath.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(!file.relativePath.contains(".."))
        }
    }

    @Test("Every kind of study that is promised is there")
    func modalities() {
        let found = Set(Self.files.map(\.modality))
        #expect(found == ["CT", "MR", "CR", "US", "MG", "DX", "SR", "DOC", "SEG"])
    }

    @Test("Two patients share a name, one of them has priors")
    func patients() {
        let names = DemoRoster.patients.map(\.name)
        #expect(names.count == 12)
        #expect(Set(names).count == 11)
        #expect(Set(DemoRoster.patients.map(\.id)).count == 12)
        let first = Self.files.filter { $0.relativePath.hasPrefix("DEMO-0001/") }
        #expect(Set(first.map(\.studyUID)).count == 3)
        #expect(Set(first.filter { $0.modality == "CT" }.map(\.seriesUID)).count == 5)
    }

    @Test("Every file is read back as what it says it is")
    func readBack() throws {
        DICOMToolkit.start()
        let directory = try TemporaryDirectory()
        for (index, file) in Self.files.enumerated() {
            let path = "\(directory.path)/\(index).dcm"
            try Data(file.bytes).write(to: URL(fileURLWithPath: path))
            let object = try DICOMObject(path: path)
            #expect(object.identity.sopInstanceUID == file.instanceUID)
            #expect(object.identity.seriesInstanceUID == file.seriesUID)
            #expect(object.identity.studyInstanceUID == file.studyUID)
            #expect(object.strings(.modality) == [file.modality])
            let patient = try #require(DemoRoster.patients.first { file.relativePath.hasPrefix($0.id + "/") })
            #expect(object.strings(.patientName) == [patient.name])
            #expect(object.hasPixelData == !["SR", "DOC"].contains(file.modality))
        }
    }

    @Test("Segmentation and report refer to slices that are there")
    func references() throws {
        let slices = Set(Self.files.filter { $0.modality == "CT" }.map(\.instanceUID.rawValue))
        let plans = DemoRoster(seed: 7, detail: .reduced).series
        for modality in ["SEG", "SR"] {
            let plan = try #require(plans.first { $0.head.modality == modality })
            let referred = Self.referred(in: plan.prepare()(1).dataSet)
            #expect(!referred.isEmpty)
            #expect(referred.isSubset(of: slices))
        }
    }

    @Test("A segmentation has as many bits as frames and pixels, and as many groups as frames")
    func segmentation() throws {
        let plans = DemoRoster(seed: 7, detail: .reduced).series
        let plan = try #require(plans.first { $0.head.modality == "SEG" })
        let dataSet = plan.prepare()(1).dataSet
        let frames = try #require(dataSet.integer(.numberOfFrames))
        #expect(dataSet.items(.perFrameFunctionalGroupsSequence).count == frames)
        guard case .inlineBinary(let bits)? = dataSet[.pixelData]?.content else {
            Issue.record("no pixels")
            return
        }
        #expect(bits.count == frames * 64 * 64 / 8)
        #expect(bits.contains { $0 != 0 })
    }

    private static func referred(in dataSet: DataSet) -> Set<String> {
        dataSet.entries.reduce(into: []) { found, entry in
            if entry.tag == .referencedSOPInstanceUID, let uid = dataSet.string(entry.tag) { found.insert(uid) }
            for item in entry.element.items { found.formUnion(Self.referred(in: item)) }
        }
    }
}
