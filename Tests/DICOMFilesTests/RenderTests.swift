import DICOMFiles
import DICOMweb
import Testing

@Suite("Rendering")
struct RenderTests {
    private func render(_ sample: SampleFile, frame: Int = 1) throws -> [UInt8] {
        let file = try StoredFile(sample.file())
        return try DICOMObject(path: file.path).render(frame: frame).bytes
    }

    private func gray(_ values: [UInt16], _ change: (inout SampleFile) -> Void, isSigned: Bool = false) throws
        -> [UInt8]
    {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: values.count, bits: 16, isSigned: isSigned))
        sample.words(0x7FE0_0010, "OW", values)
        change(&sample)
        return try self.render(sample)
    }

    @Test(
        "the window functions of PS3.3 §C.11.2",
        arguments: [
            (Optional<String>.none, [UInt8(0), 0, 129, 255, 255]), ("LINEAR", [0, 0, 129, 255, 255]),
            ("LINEAR_EXACT", [0, 0, 128, 255, 255]), ("SIGMOID", [5, 30, 128, 225, 250]),
        ]
    )
    func windows(function: String?, expected: [UInt8]) throws {
        // Centre 100 and width 100 on 0, 50, 100, 150, 200 after a rescale by −1000.
        let pixels = try self.gray([1000, 1050, 1100, 1150, 1200]) { sample in
            sample.text(0x0028_1052, "DS", "-1000")
            sample.text(0x0028_1053, "DS", "1")
            sample.text(0x0028_1050, "DS", "100\\5")
            sample.text(0x0028_1051, "DS", "100\\5")
            if let function { sample.text(0x0028_1056, "CS", function) }
        }
        #expect(zip(pixels, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(pixels)")
    }

    @Test("without a window the range of the pixels decides, padding left aside")
    func range() throws {
        #expect(try self.gray([10, 20, 30]) { _ in } == [0, 128, 255])
        #expect(try self.gray([7, 7, 7]) { _ in } == [0, 0, 0])
        #expect(try self.gray([0xFFFF, 0, 1], { _ in }, isSigned: true) == [0, 128, 255])
        let padded = try self.gray([60000, 10, 30]) { $0.words(0x0028_0120, [60000]) }
        #expect(padded == [255, 0, 255])
    }

    @Test("a window of no width, or unreadable, is no window", arguments: ["0", "-5", "x", ""])
    func badWindow(width: String) throws {
        let pixels = try self.gray([10, 20, 30]) { sample in
            sample.text(0x0028_1050, "DS", "100")
            sample.text(0x0028_1051, "DS", width)
        }
        #expect(pixels == [0, 128, 255])
    }

    @Test("MONOCHROME1 is inverted")
    func inverted() throws {
        #expect(try self.gray([10, 20, 30]) { $0.text(0x0028_0004, "CS", "MONOCHROME1") } == [255, 127, 0])
    }

    @Test("bits beyond the stored ones are no part of the value")
    func storedBits() throws {
        let pixels = try self.gray([0xF000, 0x1800, 0x0FFF]) { sample in
            sample.words(0x0028_0101, [12])
            sample.words(0x0028_0102, [11])
        }
        #expect(pixels == [0, 128, 255])
    }

    @Test("modality and VOI tables are looked up")
    func tables() throws {
        var modality = SampleFile(hasIdentity: false)
        modality.words(0x0028_3002, [3, 10, 16])
        modality.words(0x0028_3006, "OW", [0, 1, 2])
        var voi = SampleFile(hasIdentity: false)
        voi.words(0x0028_3002, [3, 0, 8])
        voi.words(0x0028_3006, "OW", [255, 51, 0])
        let pixels = try self.gray([5, 10, 11, 12, 99]) { sample in
            sample.sequence(0x0028_3000, [modality])
            sample.sequence(0x0028_3010, [voi])
        }
        #expect(pixels == [255, 255, 51, 0, 0])
    }

    @Test("functional groups of the frame go before shared ones")
    func functionalGroups() throws {
        func window(_ center: String) -> SampleFile {
            var macro = SampleFile(hasIdentity: false)
            macro.text(0x0028_1050, "DS", center)
            macro.text(0x0028_1051, "DS", "2")
            var group = SampleFile(hasIdentity: false)
            group.sequence(0x0028_9132, [macro])
            return group
        }
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 2, bits: 16, frames: 2))
        sample.words(0x7FE0_0010, "OW", [10, 100, 10, 100])
        sample.sequence(0x5200_9229, [window("500")])
        sample.sequence(0x5200_9230, [window("50"), SampleFile(hasIdentity: false)])
        #expect(try self.render(sample, frame: 1) == [0, 255])
        #expect(try self.render(sample, frame: 2) == [0, 0])
    }

    @Test(
        "colour by pixel and by plane, in 8 and 16 bits",
        arguments: [(8, false), (8, true), (16, false), (16, true)]
    )
    func color(bits: Int, isPlanar: Bool) throws {
        let byPixel: [UInt16] = [255, 0, 0, 0, 128, 255]
        let values = isPlanar ? [255, 0, 0, 128, 0, 255] : byPixel
        var sample = SampleFile()
        sample.image(
            .init(rows: 1, columns: 2, samples: 3, bits: bits, isPlanar: isPlanar, photometric: "RGB")
        )
        if bits == 8 {
            sample.bytes(0x7FE0_0010, "OB", values.map { UInt8($0) })
        } else {
            sample.words(0x7FE0_0010, "OW", values.map { $0 * 257 })
        }
        #expect(try self.render(sample) == byPixel.map { UInt8($0) })
    }

    @Test(
        "luminance and colour differences, whole and subsampled",
        arguments: [
            ("YBR_FULL", [UInt8(76), 85, 255, 29, 255, 107], [UInt8(254), 0, 0, 0, 0, 254]),
            ("YBR_FULL_422", [76, 29, 85, 255], [254, 0, 0, 207, 0, 0]),
        ]
    )
    func colorDifferences(photometric: String, pixels: [UInt8], expected: [UInt8]) throws {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 2, samples: 3, photometric: photometric))
        sample.bytes(0x7FE0_0010, "OB", pixels)
        let rendered = try self.render(sample)
        #expect(zip(rendered, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 }, "\(rendered)")
    }

    private func palette(_ change: (inout SampleFile) -> Void) throws -> [UInt8] {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 4, photometric: "PALETTE COLOR"))
        sample.bytes(0x7FE0_0010, "OB", [0, 1, 2, 9])
        for color in UInt32(1)...3 { sample.words(0x0028_1100 + color, [3, 0, 16]) }
        change(&sample)
        return try self.render(sample)
    }

    @Test("palettes: below the first and above the last entry those are taken")
    func palettes() throws {
        let rendered = try self.palette { sample in
            sample.words(0x0028_1201, "OW", [0, 0x8000, 0xFFFF])
            sample.words(0x0028_1202, "OW", [0x1000, 0x2000, 0x3000])
            sample.words(0x0028_1203, "OW", [0, 0, 0xFF00])
        }
        #expect(rendered == [0, 16, 0, 128, 32, 0, 255, 48, 255, 255, 48, 255])
    }

    @Test("segmented palettes: discrete, linear and repeated segments")
    func segmentedPalettes() throws {
        let rendered = try self.palette { sample in
            sample.words(0x0028_1221, "OW", [0, 1, 0, 1, 2, 0xFF00])
            sample.words(0x0028_1222, "OW", [0, 3, 0x100, 0x200, 0x300])
            sample.words(0x0028_1223, "OW", [0, 1, 0x500, 2, 1, 0, 0, 2, 1, 0, 0])
        }
        #expect(rendered == [0, 1, 5, 127, 2, 5, 255, 3, 5, 255, 3, 5])
    }

    @Test(
        "a palette that is missing or endless is an error, not a hang",
        arguments: [
            [UInt16](), [2, 0xFFFF, 0, 0], [9, 9, 9], [1, 0, 5],
        ]
    )
    func badPalettes(codes: [UInt16]) throws {
        #expect(throws: DICOMFileError.self) {
            try self.palette { sample in
                for color in UInt32(1)...3 { sample.words(0x0028_1220 + color, "OW", codes) }
            }
        }
    }

    @Test("floating-point pixels, not-a-number among them")
    func floatingPoint() throws {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 3, bits: 32))
        let values: [Float] = [-1, .nan, 3]
        sample.bytes(0x7FE0_0008, "OF", values.flatMap { sample.number(UInt64($0.bitPattern), 4) })
        #expect(try self.render(sample) == [0, 0, 255])
        sample.bytes(0x7FE0_0008, "OF", [])
        sample.bytes(0x7FE0_0009, "OD", [-1.0, 1, 3].flatMap { sample.number($0.bitPattern, 8) })
        #expect(try self.render(sample) == [0, 128, 255])
    }

    @Test("32-bit pixels")
    func wide() throws {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 3, bits: 32))
        sample.bytes(0x7FE0_0010, "OW", [0, 1 << 30, 1 << 31].flatMap { sample.number($0, 4) })
        #expect(try self.render(sample) == [0, 128, 255])
    }

    @Test(
        "an image that its pixels do not fill is undecodable, whatever it claims",
        arguments: [
            (65535, 65535), (0, 4), (4, 0), (3, 3),
        ]
    )
    func lyingSize(rows: Int, columns: Int) throws {
        var sample = SampleFile()
        sample.image(.init(rows: rows, columns: columns))
        sample.bytes(0x7FE0_0010, "OB", [1, 2, 3, 4])
        #expect(throws: DICOMFileError.self) { try self.render(sample) }
    }
}
