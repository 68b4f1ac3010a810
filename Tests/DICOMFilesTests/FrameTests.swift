import DICOMFiles
import DICOMweb
import Testing

@Suite("Frames and bulk data")
struct FrameTests {
    @Test("native pixel data is a range of the file, whole and by frame")
    func nativeRanges() throws {
        var sample = SampleFile()
        sample.image(.init(frames: 3))
        sample.bytes(0x7FE0_0010, "OB", Array(0..<12))
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect(object.numberOfFrames == 3)
        let bulk = try object.bulkData("7FE00010")
        guard case .fileRange = bulk else {
            Issue.record("the value was copied")
            return
        }
        #expect(try file.bytes(bulk) == Array(0..<12))
        let second = try object.frame(2, as: .asStored)
        #expect(second.count == 4)
        #expect(try file.bytes(second) == [4, 5, 6, 7])
        #expect(try file.bytes(object.frame(2, as: .transferSyntax("1.2.840.10008.1.2.1"))) == [4, 5, 6, 7])
    }

    @Test(
        "frames that are not there",
        arguments: [
            (0, DICOMFileError.Code.frameOutOfRange), (-1, .frameOutOfRange), (3, .undecodable), (4, .frameOutOfRange),
            (Int.max, .frameOutOfRange),
        ]
    )
    func outOfRange(number: Int, expected: DICOMFileError.Code) throws {
        var sample = SampleFile()
        // Three are stated, two are there.
        sample.image(.init(frames: 3))
        sample.bytes(0x7FE0_0010, "OB", Array(0..<8))
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect { try object.frame(number, as: .asStored) } throws: { ($0 as? DICOMFileError)?.code == expected }
        #expect { try object.render(frame: number) } throws: { ($0 as? DICOMFileError)?.code == expected }
    }

    @Test("an object without pixels has no frames")
    func noPixels() throws {
        let file = try StoredFile(SampleFile().file())
        let object = try DICOMObject(path: file.path)
        #expect(!object.hasPixelData)
        #expect(object.numberOfFrames == 0)
        #expect { try object.frame(1, as: .asStored) } throws: { ($0 as? DICOMFileError)?.code == .noPixelData }
        #expect { try object.render(frame: 1) } throws: { ($0 as? DICOMFileError)?.code == .noPixelData }
        #expect { try object.bulkData("7FE00010") } throws: { ($0 as? DICOMFileError)?.code == .noSuchElement }
    }

    @Test("frames of one-bit pixels are cut out bit by bit")
    func oneBit() throws {
        var sample = SampleFile()
        sample.image(.init(rows: 3, columns: 3, bits: 1, frames: 3))
        // 27 bits: 1 0 1 0 1 0 1 0 1, nine ones, 1 0 0 0 0 0 0 0 1.
        sample.bytes(0x7FE0_0010, "OB", [0b0101_0101, 0b1111_1111, 0b0000_0111, 0b0000_0100])
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect(try file.bytes(object.frame(1, as: .asStored)) == [0b0101_0101, 1])
        #expect(try file.bytes(object.frame(2, as: .asStored)) == [0b1111_1111, 1])
        #expect(try file.bytes(object.frame(3, as: .asStored)) == [0b0000_0001, 1])
        #expect(try object.render(frame: 3).bytes == [255, 0, 0, 0, 0, 0, 0, 0, 255])
    }

    @Test("big-endian pixels come little-endian, also where a frame begins within a word")
    func bigEndian() throws {
        var words = SampleFile(.init(isBigEndian: true))
        words.image(.init(rows: 1, columns: 2, bits: 16))
        words.words(0x7FE0_0010, "OW", [0x0102, 0x0304])
        let first = try StoredFile(words.file(transferSyntax: "1.2.840.10008.1.2.2"))
        let object = try DICOMObject(path: first.path)
        #expect(try object.bulkData("7FE00010") == .bytes([2, 1, 4, 3]))
        #expect(try object.frame(1, as: .transferSyntax("1.2.840.10008.1.2.1")) == .bytes([2, 1, 4, 3]))

        var bytes = SampleFile(.init(isBigEndian: true))
        bytes.image(.init(rows: 1, columns: 3, frames: 2))
        bytes.bytes(0x7FE0_0010, "OW", [2, 1, 4, 3, 6, 5])
        let second = try StoredFile(bytes.file(transferSyntax: "1.2.840.10008.1.2.2"))
        let odd = try DICOMObject(path: second.path)
        #expect(try odd.frame(2, as: .transferSyntax("1.2.840.10008.1.2.1")) == .bytes([4, 5, 6]))
    }

    /// Two frames in three fragments, each frame begun by the start of a JPEG stream.
    private static let fragments: [[UInt8]] = [[0xFF, 0xD8, 0xFF, 1], [2, 3], [0xFF, 0xD8, 0xFF, 4]]

    @Test(
        "fragments are put together by the tables, else by what they begin with",
        arguments: [
            ([UInt32(0), 22], [UInt64]()), ([], []), ([0, 7], []), ([], [0, 22]), ([0, 7], [0, 22]),
            ([0, 22], [5, 6]),
        ]
    )
    func offsetTables(basic: [UInt32], extended: [UInt64]) throws {
        var sample = SampleFile()
        sample.image(.init(frames: 2))
        if !extended.isEmpty {
            sample.bytes(0x7FE0_0001, "OV", extended.flatMap { sample.number($0, 8) })
        }
        sample.fragments(Self.fragments, table: basic)
        let file = try StoredFile(sample.file(transferSyntax: "1.2.840.10008.1.2.4.50"))
        let object = try DICOMObject(path: file.path)
        #expect(try file.bytes(object.frame(1, as: .asStored)) == [0xFF, 0xD8, 0xFF, 1, 2, 3])
        let second = try object.frame(2, as: .asStored)
        guard case .fileRange = second else {
            Issue.record("a single fragment was copied")
            return
        }
        #expect(try file.bytes(second) == [0xFF, 0xD8, 0xFF, 4])
    }

    @Test(
        "one fragment for each frame needs no table; more frames than fragments is a lie",
        arguments: [
            (3, Optional<DICOMFileError.Code>.none), (4, .undecodable), (2_000_000_000, .undecodable),
        ]
    )
    func fragmentCount(frames: Int, expected: DICOMFileError.Code?) throws {
        var sample = SampleFile()
        sample.image(.init(frames: frames))
        sample.fragments([[1, 2], [3, 4], [5, 6]])
        let file = try StoredFile(sample.file(transferSyntax: "1.2.840.10008.1.2.5"))
        let object = try DICOMObject(path: file.path)
        if let expected {
            #expect { try object.frame(3, as: .asStored) } throws: { ($0 as? DICOMFileError)?.code == expected }
        } else {
            #expect(try file.bytes(object.frame(3, as: .asStored)) == [5, 6])
        }
    }

    @Test(
        "paths that lead nowhere",
        arguments: [
            "", "7FE0001", "7FE00010/0", "00081140", "00081140/5/00081150", "00081140/x/00081150", "../etc/passwd",
            "00081140/0", "00081140/0/00081199", "/", "00081140//00081150", "ZZZZZZZZ", "00081140/99999999999/00081150",
        ]
    )
    func badPaths(path: String) throws {
        var item = SampleFile(hasIdentity: false)
        item.text(0x0008_1150, "UI", "1.2")
        var sample = SampleFile()
        sample.sequence(0x0008_1140, [item])
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect { try object.bulkData(path) } throws: { ($0 as? DICOMFileError)?.code == .noSuchElement }
    }

    @Test("a value of a deflated data set is bytes, not a range of a file that holds it otherwise")
    func deflated() throws {
        var sample = SampleFile()
        sample.image(.init())
        sample.bytes(0x7FE0_0010, "OB", [9, 8, 7, 6])
        let file = try StoredFile(sample.file())
        let target = file.beside("deflated")
        try DICOMObject(path: file.path).transcode(
            to: TransferSyntaxes.deflatedExplicitVRLittleEndian,
            outputPath: target
        )
        let object = try DICOMObject(path: target)
        #expect(try object.bulkData("7FE00010") == .bytes([9, 8, 7, 6]))
        #expect(try object.frame(1, as: .asStored) == .bytes([9, 8, 7, 6]))
    }

    @Test("a damaged deflated data set is an error", arguments: [0, 1, 5, 20])
    func damagedDeflate(kept: Int) throws {
        let head = SampleFile.head(transferSyntax: TransferSyntaxes.deflatedExplicitVRLittleEndian)
        let stream: [UInt8] = [0x63, 0x64, 0x60, 0x60, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0xA5, count: 20)
        let file = try StoredFile(head + stream.prefix(kept))
        #expect(throws: DICOMFileError.self) { try DICOMObject(path: file.path) }
    }
}
