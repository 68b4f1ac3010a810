import DICOMFiles
import DICOMweb
import Testing

@Suite("Transcoding")
struct TranscodeTests {
    private typealias Syntax = TransferSyntaxes

    /// An image whose values are no noise, so that lossy coding keeps near them.
    private static func image(_ shape: SampleFile.Shape) -> SampleFile {
        var sample = SampleFile()
        sample.image(shape)
        sample.text(0x0010_0010, "PN", "Test^Image")
        sample.bytes(0x0009_1001, "UN", [1, 2, 3, 4])
        let top = 1 << (shape.stored ?? shape.bits)
        let count = shape.rows * shape.columns * shape.samples * shape.frames
        let values = (0..<count).map { i -> Int in
            let value = (i * 7 + i / 16) % top
            return shape.isSigned ? value - top / 2 : value
        }
        if shape.bits == 8 {
            sample.bytes(0x7FE0_0010, "OB", values.map { UInt8(truncatingIfNeeded: $0) })
        } else {
            sample.words(0x7FE0_0010, "OW", values.map { UInt16(truncatingIfNeeded: $0) })
        }
        return sample
    }

    static let shapes: [SampleFile.Shape] = [
        .init(rows: 16, columns: 16), .init(rows: 15, columns: 13, bits: 16, stored: 12),
        .init(rows: 16, columns: 16, bits: 16, frames: 3),
        .init(rows: 9, columns: 11, bits: 16, stored: 12, isSigned: true),
        .init(rows: 8, columns: 8, bits: 16, isSigned: true),
        .init(rows: 16, columns: 16, samples: 3, photometric: "RGB"),
        .init(rows: 7, columns: 5, samples: 3, frames: 2, isPlanar: true, photometric: "RGB"),
        .init(rows: 1, columns: 1, bits: 16, stored: 12), .init(rows: 3, columns: 3, frames: 3),
    ]

    static let lossless: [String] = [
        TransferSyntaxes.implicitVRLittleEndian, TransferSyntaxes.explicitVRLittleEndian,
        TransferSyntaxes.deflatedExplicitVRLittleEndian, TransferSyntaxes.runLength,
        TransferSyntaxes.deflatedImageFrame, TransferSyntaxes.jpegLossless, TransferSyntaxes.jpegLosslessFirstOrder,
        TransferSyntaxes.jpegLSLossless, TransferSyntaxes.jpegLSNearLossless, TransferSyntaxes.jpeg2000Lossless,
    ]

    @Test("there and back again without loss, every frame", arguments: shapes, lossless)
    func roundTrip(shape: SampleFile.Shape, transferSyntax: String) throws {
        let file = try StoredFile(Self.image(shape).file())
        let source = try DICOMObject(path: file.path)
        let there = file.beside("there"), back = file.beside("back")
        #expect(source.canTranscode(to: transferSyntax))
        try source.transcode(to: transferSyntax, outputPath: there)
        let middle = try DICOMObject(path: there)
        #expect(middle.identity.transferSyntaxUID == transferSyntax)
        #expect(middle.identity.sopInstanceUID == source.identity.sopInstanceUID)
        #expect(middle.strings(.patientName) == ["Test^Image"])
        #expect(try middle.json(.only([Tag(0x0009_1001)])) == source.json(.only([Tag(0x0009_1001)])))

        try middle.transcode(to: Syntax.explicitVRLittleEndian, outputPath: back)
        let end = try DICOMObject(path: back)
        for number in 1...shape.frames {
            #expect(try end.render(frame: number) == source.render(frame: number))
            let direct = try middle.frame(number, as: .transferSyntax(Syntax.explicitVRLittleEndian))
            #expect(direct.count == Int64(shape.rows * shape.columns * shape.samples * shape.bits / 8))
        }
        #expect(try end.bulkData("7FE00010").count == source.bulkData("7FE00010").count)
    }

    @Test(
        "a frame alone is what the transcoded file holds",
        arguments: [
            TransferSyntaxes.runLength, TransferSyntaxes.jpegLosslessFirstOrder, TransferSyntaxes.jpegLSLossless,
            TransferSyntaxes.jpeg2000Lossless, TransferSyntaxes.jpeg2000,
        ]
    )
    func frameAlone(transferSyntax: String) throws {
        let file = try StoredFile(Self.image(.init(rows: 16, columns: 16, bits: 16, stored: 12, frames: 2)).file())
        let object = try DICOMObject(path: file.path)
        let frame = try file.bytes(object.frame(2, as: .transferSyntax(transferSyntax)))
        let whole = file.beside("whole")
        try object.transcode(to: transferSyntax, outputPath: whole)
        guard case .fileRange(let offset, let length) = try DICOMObject(path: whole).frame(2, as: .asStored) else {
            Issue.record("not one fragment")
            return
        }
        let stored = try StoredFile.read(whole)[Int(offset)..<Int(offset + length)]
        #expect(Array(stored.prefix(frame.count)) == frame)
        #expect(stored.count - frame.count <= 1)
    }

    @Test(
        "lossy coding keeps near the pixels and says what it did",
        arguments: [
            (TransferSyntaxes.jpegBaseline, SampleFile.Shape(rows: 16, columns: 16), "ISO_10918_1"),
            (TransferSyntaxes.jpegExtended, .init(rows: 16, columns: 16, bits: 16, stored: 12), "ISO_10918_1"),
            (
                TransferSyntaxes.jpeg2000, .init(rows: 32, columns: 32, bits: 16, stored: 12, isSigned: true),
                "ISO_15444_1"
            ),
            (
                TransferSyntaxes.jpegBaseline, .init(rows: 16, columns: 16, samples: 3, photometric: "RGB"),
                "ISO_10918_1"
            ),
        ]
    )
    func lossy(transferSyntax: String, shape: SampleFile.Shape, method: String) throws {
        var sample = Self.image(shape)
        let flat = [UInt8](repeating: 100, count: shape.rows * shape.columns * shape.samples * shape.bits / 8)
        sample.bytes(0x7FE0_0010, shape.bits == 8 ? "OB" : "OW", shape.bits == 8 ? flat : flat.map { $0 & 0x03 })
        let file = try StoredFile(sample.file())
        let target = file.beside("lossy")
        try DICOMObject(path: file.path).transcode(to: transferSyntax, outputPath: target)
        let object = try DICOMObject(path: target)
        #expect(object.strings(Tag(0x0028_2110)) == ["01"])
        #expect(object.strings(Tag(0x0028_2114)) == [method])
        guard case .bytes(let pixels) = try object.frame(1, as: .transferSyntax(Syntax.explicitVRLittleEndian)) else {
            Issue.record("a compressed frame cannot be a range")
            return
        }
        let expected = try file.bytes(DICOMObject(path: file.path).frame(1, as: .asStored))
        #expect(zip(pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
    }

    @Test(
        "what a syntax cannot hold is refused and leaves no file",
        arguments: [
            (SampleFile.Shape(rows: 4, columns: 4, bits: 16), TransferSyntaxes.jpegBaseline),
            (.init(rows: 4, columns: 4, bits: 16, isSigned: true), TransferSyntaxes.jpegExtended),
            (.init(rows: 4, columns: 4, samples: 3, bits: 16, photometric: "RGB"), TransferSyntaxes.jpegLossless),
            (.init(rows: 4, columns: 4), TransferSyntaxes.highThroughputJPEG2000),
            (.init(rows: 4, columns: 4), "1.2.840.10008.1.2.4.110"), (.init(rows: 4, columns: 4), "1.2.3"),
            (.init(rows: 4, columns: 4), TransferSyntaxes.explicitVRBigEndian),
        ]
    )
    func refused(shape: SampleFile.Shape, transferSyntax: String) throws {
        let file = try StoredFile(Self.image(shape).file())
        let object = try DICOMObject(path: file.path)
        #expect(!object.canTranscode(to: transferSyntax))
        #expect {
            try object.transcode(to: transferSyntax, outputPath: file.beside("none"))
        } throws: {
            ($0 as? DICOMFileError)?.code == .unsupportedTransferSyntax
        }
        #expect(throws: (any Error).self) { try StoredFile.read(file.beside("none")) }
        #expect {
            try object.frame(1, as: .transferSyntax(transferSyntax))
        } throws: {
            ($0 as? DICOMFileError)?.code == .unsupportedTransferSyntax
        }
    }

    @Test("one-bit and floating-point pixels move between native syntaxes only")
    func nativeOnly() throws {
        var sample = SampleFile()
        sample.image(.init(rows: 4, columns: 4, bits: 1))
        sample.bytes(0x7FE0_0010, "OB", [0xA5, 0x5A])
        let file = try StoredFile(sample.file())
        let object = try DICOMObject(path: file.path)
        #expect(object.canTranscode(to: Syntax.implicitVRLittleEndian))
        #expect(!object.canTranscode(to: Syntax.runLength))
        let target = file.beside("implicit")
        try object.transcode(to: Syntax.implicitVRLittleEndian, outputPath: target)
        #expect(try DICOMObject(path: target).render(frame: 1) == object.render(frame: 1))
    }

    @Test("an object without pixels moves between native syntaxes only")
    func withoutPixels() throws {
        let file = try StoredFile(SampleFile().file())
        let object = try DICOMObject(path: file.path)
        #expect(object.canTranscode(to: Syntax.deflatedExplicitVRLittleEndian))
        #expect(!object.canTranscode(to: Syntax.jpeg2000))
    }

    @Test("sequences, big-endian values and odd lengths survive")
    func structure() throws {
        var item = SampleFile(.init(isBigEndian: true), hasIdentity: false)
        item.bytes(0x0018_9074, "FD", item.number((1.5).bitPattern, 8))
        var sample = SampleFile(.init(isBigEndian: true))
        sample.sequence(0x0040_9096, [item, item])
        sample.words(0x0028_0010, [512])
        sample.bytes(0x0008_2112, "AT", sample.number(0x0010, 2) + sample.number(0x0020, 2))
        let file = try StoredFile(sample.file(transferSyntax: Syntax.explicitVRBigEndian))
        let source = try DICOMObject(path: file.path)
        for target in [Syntax.explicitVRLittleEndian, Syntax.deflatedExplicitVRLittleEndian] {
            let path = file.beside("little")
            try source.transcode(to: target, outputPath: path)
            let tags = [Tag(0x0040_9096), .rows, Tag(0x0008_2112)]
            #expect(try DICOMObject(path: path).json(.only(tags)) == source.json(.only(tags)))
        }
    }

    @Test("the same syntax is the same file, byte for byte")
    func same() throws {
        let file = try StoredFile(Self.image(.init()).file() + [0, 0, 0, 0])
        let target = file.beside("same")
        try DICOMObject(path: file.path).transcode(to: Syntax.explicitVRLittleEndian, outputPath: target)
        #expect(try StoredFile.read(target) == StoredFile.read(file.path))
    }
}
