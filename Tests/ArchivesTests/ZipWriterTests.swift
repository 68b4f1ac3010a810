import Archives
import Foundation
import TestSupport
import Testing

@Suite("writing zip files")
struct ZipWriterTests: ~Copyable {
    private let folder: TemporaryDirectory
    private var path: String { self.folder.path + "/test.zip" }

    init() throws {
        self.folder = try TemporaryDirectory()
    }

    /// An archive of these files, each given in pieces.
    private static func archive(_ files: [(String, [UInt8])], pieceBytes: Int = 10_000) throws -> [UInt8] {
        var zip = try ZipWriter()
        var archive: [UInt8] = []
        for (name, bytes) in files {
            try zip.begin(name)
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                try zip.append(bytes[start..<min(start + pieceBytes, bytes.count)])
                archive += zip.takeOutput()
            }
            try zip.end()
        }
        archive += zip.takeOutput()
        return try archive + zip.finish()
    }

    private func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: self.path))
    }

    /// The status and output of a command with the archive as its last argument.
    private func run(_ words: String...) throws -> (status: Int32, text: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words + [self.path]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    private func read() throws -> [(String, [UInt8])] {
        var zip = try ZipReader(path: self.path)
        var files: [(String, [UInt8])] = []
        while let entry = try zip.nextEntry() {
            var bytes: [UInt8] = []
            while let piece = try zip.nextPiece() { bytes += piece }
            files.append((entry.name, bytes))
        }
        return files
    }

    private static let files: [(String, [UInt8])] = [
        ("1.2/1.3/1.4.dcm", (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }), ("empty", []),
        ("größe/日本.txt", Array("hello".utf8)), ("PK", Array("PK\u{03}\u{04}PK\u{07}\u{08}PK\u{01}\u{02}".utf8)),
    ]

    @Test("what goes in is read again, in the same order", arguments: [1_000, 10_000, 1_000_000])
    func roundTrip(pieceBytes: Int) throws {
        try self.write(Self.archive(Self.files, pieceBytes: pieceBytes))
        let read = try self.read()
        #expect(read.map(\.0) == Self.files.map(\.0))
        #expect(read.map(\.1) == Self.files.map(\.1))
    }

    @Test("Python reads it, stored and in UTF-8")
    func python() throws {
        try self.write(Self.archive(Self.files))
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1]) as z:
                assert z.testzip() is None
                for i in z.infolist():
                    assert i.compress_type == zipfile.ZIP_STORED and i.file_size == i.compress_size, i
                    print(i.filename, i.file_size)
            """
        let (status, text) = try self.run("env", "PYTHONIOENCODING=utf-8", "python3", "-c", script)
        #expect(status == 0, "\(text)")
        #expect(text == "1.2/1.3/1.4.dcm 300000\nempty 0\ngröße/日本.txt 5\nPK 12\n")
    }

    @Test("unzip finds nothing wrong with it")
    func unzip() throws {
        try self.write(Self.archive(Self.files))
        let (status, text) = try self.run("unzip", "-tqq")
        #expect(status == 0, "\(text)")
    }

    @Test("equal files make equal archives")
    func reproducible() throws {
        #expect(try Self.archive(Self.files) == Self.archive(Self.files, pieceBytes: 77))
    }

    @Test("more entries than 16 bits count")
    func manyEntries() throws {
        try self.write(Self.archive((0..<66_000).map { ("a/\($0)", [UInt8(truncatingIfNeeded: $0)]) }))
        #expect(try self.read().count == 66_000)
        let (status, text) = try self.run(
            "python3",
            "-c",
            "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(len(z.namelist()), z.read('a/65999'))"
        )
        #expect(status == 0)
        #expect(text == "66000 b'\\xcf'\n")
    }

    @Test("one that was not finished is refused by every reader")
    func unfinished() throws {
        var zip = try ZipWriter()
        try zip.begin("a")
        try zip.append(Array("hello".utf8))
        try zip.end()
        try self.write(zip.takeOutput())
        #expect(throws: ZipError(.notZip)) { _ = try ZipReader(path: self.path) }
        let (python, _) = try self.run("python3", "-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1])")
        #expect(python != 0)
        let (unzip, _) = try self.run("unzip", "-tqq")
        #expect(unzip != 0)
    }

    @Test(
        "names that a reader would refuse are not written",
        arguments: [
            ("", ZipError.Code.unsafeName), ("/a", .unsafeName), ("../a", .unsafeName), ("a\\b", .unsafeName),
            ("C:a", .unsafeName), ("a\nb", .unsafeName), ("a\u{0}b", .unsafeName),
            (String(repeating: "a", count: 1_025), .nameTooLong),
            (Array(repeating: "a", count: 33).joined(separator: "/"), .tooDeep),
        ]
    )
    func names(name: String, code: ZipError.Code) throws {
        var zip = try ZipWriter()
        do {
            try zip.begin(name)
            Issue.record("the name was taken")
        } catch {
            #expect(error == ZipError(code, entry: 1))
        }
    }

    @Test("output is counted until it is taken")
    func output() throws {
        var zip = try ZipWriter()
        #expect(zip.outputCount == 0)
        try zip.begin("a")
        try zip.append([UInt8](repeating: 1, count: 1_000))
        let count = zip.outputCount
        let taken = zip.takeOutput()
        #expect(count >= 1_000)
        #expect(taken.count == count)
        #expect(zip.outputCount == 0)
        try zip.end()
    }
}
