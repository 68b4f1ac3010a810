import DICOMFiles
import DICOMweb
import Foundation
import Testing

/// Files compressed by other programs, so that reader and writer cannot agree on the same mistake.
@Suite("Files written by DCMTK's own tools")
struct ToolkitFileTests {
    static let commands: [(tool: String, options: [String], isLossless: Bool)] = [
        ("dcmcjpeg", ["+e1"], true), ("dcmcjpeg", ["+el"], true), ("dcmcjpeg", ["+eb"], false),
        ("dcmcjpls", ["+el"], true), ("dcmcjpls", ["+en"], false), ("dcmcrle", [], true),
        ("dcmconv", ["+te"], true), ("dcmconv", ["+tb"], true), ("dcmconv", ["+ti"], true), ("dcmconv", ["+td"], true),
    ]

    static let isInstalled = commands.allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/bin/" + $0.tool) }

    private func run(_ tool: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + tool)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    static let shapes: [SampleFile.Shape] = [
        .init(rows: 32, columns: 24), .init(rows: 20, columns: 30, bits: 16, stored: 12, frames: 2),
        .init(rows: 16, columns: 16, samples: 3, photometric: "RGB"),
    ]

    @Test("render as the file that they were made from", .enabled(if: isInstalled), arguments: shapes, commands)
    func rendering(shape: SampleFile.Shape, command: (tool: String, options: [String], isLossless: Bool)) throws {
        var sample = SampleFile()
        sample.image(shape)
        let count = shape.rows * shape.columns * shape.samples * shape.frames
        let values = (0..<count).map { UInt16($0 * 2 / shape.samples % 250) }
        sample.text(0x0028_1050, "DS", "125")
        sample.text(0x0028_1051, "DS", "250")
        if shape.bits == 8 {
            sample.bytes(0x7FE0_0010, "OB", values.map { UInt8($0) })
        } else {
            sample.words(0x7FE0_0010, "OW", values)
        }
        let file = try StoredFile(sample.file())
        let target = file.beside("made")
        // What the tool itself cannot do with such pixels is no matter of ours.
        guard try self.run(command.tool, command.options + [file.path, target]) == 0 else { return }

        let source = try DICOMObject(path: file.path), made = try DICOMObject(path: target)
        for number in 1...shape.frames {
            let expected = try source.render(frame: number), found = try made.render(frame: number)
            #expect(found.bytes.count == expected.bytes.count)
            // Lossy coding may rescale grey values of more than eight bits; only lossless ones are compared by pixel.
            if command.isLossless { #expect(found == expected) }
        }
    }

    @Test(
        "read what is written here",
        .enabled(if: isInstalled),
        arguments: [
            ("dcmdjpeg", TransferSyntaxes.jpegLosslessFirstOrder), ("dcmdjpeg", TransferSyntaxes.jpegLossless),
            ("dcmdjpls", TransferSyntaxes.jpegLSLossless), ("dcmdrle", TransferSyntaxes.runLength),
            ("dcmconv", TransferSyntaxes.deflatedExplicitVRLittleEndian),
            ("dcmconv", TransferSyntaxes.implicitVRLittleEndian),
        ]
    )
    func readingBack(tool: String, transferSyntax: String) throws {
        var sample = SampleFile()
        sample.image(.init(rows: 20, columns: 30, bits: 16, stored: 12, frames: 2))
        sample.words(0x7FE0_0010, "OW", (0..<1200).map { UInt16($0 * 3) })
        let file = try StoredFile(sample.file())
        let ours = file.beside("ours"), theirs = file.beside("theirs")
        try DICOMObject(path: file.path).transcode(to: transferSyntax, outputPath: ours)
        let options = tool == "dcmconv" ? ["+te", ours, theirs] : [ours, theirs]
        #expect(try self.run(tool, options) == 0)
        let object = try DICOMObject(path: theirs)
        guard case .fileRange(let offset, let length) = try object.bulkData("7FE00010") else {
            Issue.record("not native")
            return
        }
        let pixels = Array(try StoredFile.read(theirs)[Int(offset)..<Int(offset + length)])
        #expect(try file.bytes(DICOMObject(path: file.path).bulkData("7FE00010")) == pixels)
    }
}
