import DICOMFiles
import Testing

@Suite("Palettes and tables that lie")
struct PaletteTests {
    private func code(_ change: (inout SampleFile) -> Void) throws -> DICOMFileError.Code? {
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 4, photometric: "PALETTE COLOR"))
        sample.bytes(0x7FE0_0010, "OB", [0, 1, 2, 9])
        for color in UInt32(1)...3 { sample.words(0x0028_1100 + color, [0, 0, 16]) }
        change(&sample)
        let file = try StoredFile(sample.file())
        do {
            _ = try DICOMObject(path: file.path).render(frame: 1)
            return nil
        } catch {
            return error.code
        }
    }

    private func segmented(_ codes: [UInt16]) throws -> DICOMFileError.Code? {
        try self.code { sample in
            for color in UInt32(1)...3 { sample.words(0x0028_1220 + color, "OW", codes) }
        }
    }

    private static func repeats(of position: UInt16, count: Int) -> [UInt16] {
        (0..<count).flatMap { _ -> [UInt16] in [2, 65535, position, 0] }
    }

    @Test("segments of nothing, however often repeated, are refused at once")
    func emptySegments() throws {
        let empty = [UInt16](repeating: 0, count: 40000)
        let repeats = Self.repeats(of: 0, count: 22000)
        #expect(try self.segmented(empty + repeats) == .undecodable)
        #expect(try self.segmented([0, 1, 7, 0, 0]) == .undecodable)
        #expect(try self.segmented([0, 1, 7, 0, 1, 8]) == nil)
    }

    @Test("segments that repeat repeats are counted")
    func repeatedRepeats() throws {
        // The second one skips all the others that follow it.
        let repeats = Self.repeats(of: 6, count: 30000)
        #expect(try self.segmented([0, 1, 7] + repeats) == .tooLarge)
    }

    @Test("a repeat that begins within a segment is refused")
    func repeatOfNothing() throws {
        #expect(try self.segmented([0, 2, 7, 8, 2, 1, 0, 0]) == nil)
        #expect(try self.segmented([0, 2, 7, 8, 2, 1, 2, 0]) == .undecodable)
    }

    @Test(
        "a descriptor that holds no numbers, or numbers beyond counting, is refused",
        arguments: [
            [Double.nan, 0, 16], [3, .nan, 16], [3, 0, .nan], [.infinity, 0, 16], [1e300, 0, 16], [-1e300, 0, 16],
            [3, 0],
        ]
    )
    func descriptors(shape: [Double]) throws {
        func change(_ shape: [Double]) -> (inout SampleFile) -> Void {
            { sample in
                for color in UInt32(1)...3 {
                    let bytes = shape.flatMap { sample.number($0.bitPattern, 8) }
                    sample.bytes(0x0028_1100 + color, "FD", bytes)
                    sample.words(0x0028_1200 + color, "OW", [0, 1, 2])
                }
            }
        }
        #expect(try self.code(change(shape)) == .undecodable)
        #expect(try self.code(change([3, 0, 16])) == nil)
    }

    @Test("floating-point numbers are no index of a palette")
    func floatingPointIndex() throws {
        let outcome = try self.code { sample in
            for color in UInt32(1)...3 { sample.words(0x0028_1200 + color, "OW", [0, 1, 2]) }
            sample.bytes(0x7FE0_0010, "OB", [])
            sample.bytes(0x7FE0_0008, "OF", [Float.nan, 0, 1, 2].flatMap { sample.number(UInt64($0.bitPattern), 4) })
        }
        #expect(outcome == .undecodable)
    }

    @Test("not-a-number is looked up as the first entry of a table")
    func notANumberInTable() throws {
        var table = SampleFile(hasIdentity: false)
        table.words(0x0028_3002, [3, 0, 8])
        table.words(0x0028_3006, "OW", [51, 0, 255])
        var sample = SampleFile()
        sample.image(.init(rows: 1, columns: 3, bits: 32))
        sample.sequence(0x0028_3000, [table])
        sample.bytes(0x7FE0_0008, "OF", [Float.nan, 1, 2].flatMap { sample.number(UInt64($0.bitPattern), 4) })
        let file = try StoredFile(sample.file())
        #expect(try DICOMObject(path: file.path).render(frame: 1).bytes == [51, 0, 255])
    }
}
