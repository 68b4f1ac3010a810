import DICOMFiles
import DICOMweb
import Foundation
import PhantomStudies
import TestSupport
import Testing

@Suite("HugePhantom")
struct HugePhantomTests {
    @Test("The file holds as many frames as asked for")
    func frames() throws {
        DICOMToolkit.start()
        let directory = try TemporaryDirectory()
        let path = directory.path + "/huge.dcm"
        let study = try HugePhantom.write(to: path, frames: 3)
        let object = try DICOMObject(path: path)
        #expect(object.identity.studyInstanceUID == study)
        #expect(object.numberOfFrames == 3)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes.count > 3 * HugePhantom.frameBytes)
        #expect(bytes.count < 3 * HugePhantom.frameBytes + 4096)
    }

    @Test("A size that no length field counts is refused", arguments: [0, -1, 2048, Int.max])
    func impossible(frames: Int) {
        #expect(throws: HugePhantom.Failure.impossibleSize) {
            try HugePhantom.write(to: "/nonexistent/huge.dcm", frames: frames)
        }
    }

    @Test("A path that cannot be written is an error of the system")
    func unwritable() {
        #expect(throws: HugePhantom.Failure.io(errno: ENOENT)) {
            try HugePhantom.write(to: "/nonexistent/huge.dcm", frames: 1)
        }
    }
}

@Suite("BenchmarkCollection")
struct BenchmarkCollectionTests {
    @Test("There are four studies of 80 slices, of which each slice has 512 KiB of pixels")
    func shape() throws {
        #expect(BenchmarkCollection().count == 320)
        let files = Array(BenchmarkCollection(studies: 2, slices: 2))
        #expect(files.count == 4)
        #expect(Set(files.map(\.studyUID)).count == 2)
        #expect(Set(files.map(\.instanceUID)).count == 4)
        for file in files {
            #expect(file.bytes.count > 512 * 512 * 2)
            #expect(file.bytes.count < 512 * 512 * 2 + 4096)
        }
    }
}
