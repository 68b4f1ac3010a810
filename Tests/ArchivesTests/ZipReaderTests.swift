import Archives
import Foundation
import TestSupport
import Testing

@Suite("reading zip files")
struct ZipReaderTests: ~Copyable {
    private let folder: TemporaryDirectory
    private var path: String { self.folder.path + "/test.zip" }

    init() throws {
        self.folder = try TemporaryDirectory()
    }

    /// All entries that were read whole, by name; an error ends it.
    private func contents(_ limits: ZipLimits = ZipLimits()) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        var zip = try ZipReader(path: self.path, limits: limits)
        while let entry = try zip.nextEntry() {
            var bytes: [UInt8] = []
            while let piece = try zip.nextPiece() {
                #expect((1...ZipReader.pieceBytesMax).contains(piece.count))
                bytes += piece
            }
            contents[entry.name] = bytes
        }
        return contents
    }

    private func code(_ limits: ZipLimits = ZipLimits()) -> ZipError.Code? {
        do {
            _ = try self.contents(limits)
            return nil
        } catch {
            return (error as? ZipError)?.code
        }
    }

    @Test("files are given with their bytes, deflated or stored, in folders or not; folders are passed over")
    func whole() throws {
        for method in ["ZIP_STORED", "ZIP_DEFLATED"] {
            try ZipFixture.make(
                self.path,
                """
                big = bytes((i * i >> 3) & 255 for i in range(700_000))
                zip([('a/', b''), ('a/b/c.dcm', b'hello'), ('empty', b''), ('big', big), ('größe/日本', b'n')],
                    zipfile.\(method))
                """
            )
            let contents = try self.contents()

            #expect(contents.keys.sorted() == ["a/b/c.dcm", "big", "empty", "größe/日本"])
            #expect(contents["a/b/c.dcm"] == Array("hello".utf8))
            #expect(contents["empty"] == [])
            #expect(contents["big"] == (0..<700_000).map { UInt8(truncatingIfNeeded: ($0 * $0) >> 3) })
        }
    }

    @Test("an entry that is not read to its end is skipped")
    func skipped() throws {
        try ZipFixture.make(self.path, "zip([('a', bytes(3_000_000)), ('b', b'x'), ('c', b'y')])")
        var zip = try ZipReader(path: self.path)
        _ = try zip.nextEntry()
        _ = try zip.nextPiece()
        let second = try zip.nextEntry()
        let third = try zip.nextEntry()
        let piece = try zip.nextPiece()
        let end = try zip.nextPiece()
        let after = try zip.nextEntry()

        #expect(second?.name == "b")
        #expect(third?.number == 3)
        #expect(piece == [0x79])
        #expect(end == nil)
        #expect(after == nil)
    }

    @Test("a zip file of the 64-bit form is read")
    func largeForm() throws {
        try ZipFixture.make(
            self.path,
            """
            with zipfile.ZipFile(path, 'w') as z:
                with z.open('a', 'w', force_zip64=True) as f:
                    f.write(b'hello')
            """
        )
        #expect(try self.contents() == ["a": Array("hello".utf8)])
    }

    @Test("names in no stated character set do not stop the reading")
    func otherCharacterSet() throws {
        try ZipFixture.make(self.path, "zip([('größe', b'a'), ('z', b'b')])\nflags(lambda f: f & ~0x800)")

        #expect(try self.contents().values.sorted { $0[0] < $1[0] } == [[0x61], [0x62]])
    }

    @Test("names that lead elsewhere are refused")
    func unsafeNames() throws {
        let names = [
            "../a", "a/../b", "a/..", "..", "/a", "//a", "x/a\\\\b", "..\\\\a", "C:/a", "c:a", "a\\nb", "a\\x1bb",
            "a\\x7fb",
        ]
        for name in names {
            try ZipFixture.make(self.path, "zip([('good', b'x'), ('\(name)', b'x')])")
            #expect(self.code() == .unsafeName, "\(name)")
        }
        for name in ["...", "a/...b", ".a", "a/.", "a..b", "a//b", "ab:c/d"] {
            try ZipFixture.make(self.path, "zip([('\(name)', b'x')])")
            #expect(self.code() == nil, "\(name)")
        }
    }

    @Test("a backslash as the only separator is read as a slash, and judged as one")
    func backslash() throws {
        try ZipFixture.make(self.path, "zip([('a\\\\b', b'x')])")
        #expect(try self.contents().keys.sorted() == ["a/b"])
    }

    @Test("a name ends at a NUL, so that what is behind it reaches nobody")
    func nul() throws {
        try ZipFixture.make(
            self.path,
            """
            zip([('aQ../x', b'x')])
            write(read().replace(b'aQ../x', b'a\\x00../x'))
            """
        )
        let result = Result { try self.contents() }

        switch result {
        case .success(let contents): #expect(contents.keys.allSatisfy { $0 == "a" })
        case .failure(let error): #expect(error is ZipError)
        }
    }

    @Test("long names and deep folders are refused")
    func nameLimits() throws {
        try ZipFixture.make(self.path, "zip([('a' * 1024, b'x'), ('/'.join(['a'] * 32), b'x')])")
        #expect(self.code() == nil)
        try ZipFixture.make(self.path, "zip([('a' * 1025, b'x')])")
        #expect(self.code() == .nameTooLong)
        try ZipFixture.make(self.path, "zip([('/'.join(['a'] * 33), b'x')])")
        #expect(self.code() == .tooDeep)
        try ZipFixture.make(self.path, "zip([('/'.join(['a'] * 33) + '/', b'')])")
        #expect(self.code() == .tooDeep)
    }

    @Test("links and devices are refused", arguments: ["S_IFLNK", "S_IFCHR", "S_IFBLK", "S_IFSOCK"])
    func specialEntries(kind: String) throws {
        try ZipFixture.make(self.path, "zip([special('a', stat.\(kind) | 0o777, b'/etc/passwd')])")
        #expect(self.code() == .unsupportedEntry)
    }

    @Test("encrypted entries are refused")
    func encrypted() throws {
        try ZipFixture.make(self.path, "zip([('a', b'hello')])\nflags(lambda f: f | 1)")
        #expect(self.code() == .encrypted)
    }

    @Test("numbers and sizes are limited, at the limit itself not")
    func limits() throws {
        try ZipFixture.make(self.path, "zip([('a/', b''), ('a/b', bytes(100)), ('c', bytes(50))])")

        #expect(self.code(ZipLimits(entriesMax: 3, entryBytesMax: 100, totalBytesMax: 150)) == nil)
        #expect(self.code(ZipLimits(entriesMax: 2)) == .tooManyEntries)
        #expect(self.code(ZipLimits(entryBytesMax: 99)) == .entryTooLarge)
        #expect(self.code(ZipLimits(totalBytesMax: 149)) == .totalTooLarge)
    }

    @Test("a file that grows too much is refused before it is unpacked")
    func bomb() throws {
        try ZipFixture.make(self.path, "zip([('a', bytes(200_000_000))])")
        #expect(self.code() == .expandsTooMuch)

        // Blank images are no bomb as long as they are few.
        try ZipFixture.make(self.path, "zip([(str(i), bytes(500_000)) for i in range(100)])")
        #expect(self.code() == nil)
    }

    @Test("an entry that the directory lists many times is given once")
    func overlapping() throws {
        try ZipFixture.make(
            self.path,
            """
            zip([('a', bytes(10_000_000))])
            b = read()
            at = b.find(b'PK\\x01\\x02')
            end = b.find(b'PK\\x05\\x06')
            row = bytes(b[at:end])
            n = 60
            tail = bytearray(b[end:])
            struct.pack_into('<HHI', tail, 8, n, n, len(row) * n)
            write(b[:at] + row * n + tail)
            """
        )
        #expect(try self.contents().mapValues(\.count) == ["a": 10_000_000])
    }

    @Test("a file is refused by what it grows to in all, though each entry is harmless")
    func bombOfMany() throws {
        try ZipFixture.make(self.path, "zip([(str(i), bytes(1_000_000)) for i in range(100)])")
        #expect(self.code() == .expandsTooMuch)
    }

    @Test("a size that is not the true one is refused", arguments: [0, 5, 999, 1_001, 0x7FFF_FFFF])
    func lyingSize(claimed: Int) throws {
        try ZipFixture.make(
            self.path,
            """
            zip([('a', bytes(range(250)) * 4)])
            b = read()
            struct.pack_into('<I', b, 22, \(claimed))
            struct.pack_into('<I', b, b.find(b'PK\\x01\\x02') + 24, \(claimed))
            write(b)
            """
        )
        #expect([.corrupt, .expandsTooMuch].contains(self.code()))
    }

    @Test("an entry with a changed byte is never whole")
    func changed() throws {
        for method in ["ZIP_STORED", "ZIP_DEFLATED"] {
            try ZipFixture.make(
                self.path,
                """
                zip([('a', b'0123456789' * 3 + bytes(range(200)))], zipfile.\(method))
                b = read()
                b[60] ^= 0x10
                write(b)
                """
            )
            #expect(self.code() == .corrupt)
        }
    }

    @Test("a file that was cut off anywhere gives an error and never an end")
    func truncated() throws {
        try ZipFixture.make(self.path, "zip([(str(i), bytes(range(256)) * 20) for i in range(5)])")
        let whole = try Data(contentsOf: URL(fileURLWithPath: self.path))
        for count in stride(from: 0, to: whole.count, by: 41).map({ $0 }) + [whole.count - 1, whole.count - 22] {
            try whole.prefix(count).write(to: URL(fileURLWithPath: self.path))
            #expect(self.code() != nil)
        }
    }

    @Test("what is no zip file is refused")
    func notZip() throws {
        for bytes in [[], [0x50, 0x4B], Array("PK\u{03}\u{04}".utf8), [UInt8](repeating: 7, count: 10_000)] {
            try Data(bytes).write(to: URL(fileURLWithPath: self.path))
            #expect(self.code() == .notZip)
        }
        // One without any entry counts as none.
        try ZipFixture.make(self.path, "zip([])")
        #expect(self.code() == .notZip)
        try ZipFixture.make(self.path, "import gzip; write(gzip.compress(b'hello' * 100))")
        #expect(self.code() == .notZip)
        try ZipFixture.make(self.path, "import tarfile; tarfile.open(path, 'w').close()")
        #expect(self.code() == .notZip)
    }

    @Test("what is no file is not opened", arguments: ["/tmp", "/dev/zero", "/nowhere/a.zip", "", "/tmp/a\u{0}b"])
    func notFile(path: String) {
        #expect(throws: ZipError(.unreadable)) { _ = try ZipReader(path: path) }
    }

    @Test("after an error the reader gives that error for ever")
    func poisoned() throws {
        try ZipFixture.make(self.path, "zip([('../a', b'x'), ('b', b'y')])")
        var zip = try ZipReader(path: self.path)
        var codes: [ZipError.Code] = []
        for _ in 0..<3 {
            do {
                _ = try zip.nextEntry()
            } catch {
                codes.append(error.code)
            }
            do {
                _ = try zip.nextPiece()
            } catch {
                codes.append(error.code)
            }
        }

        #expect(codes == Array(repeating: .unsafeName, count: 6))
    }

    @Test("an error names no entry, only its number")
    func description() throws {
        try ZipFixture.make(self.path, "zip([('good', b'x'), ('../Doe^Jane', b'x')])")
        let error = #expect(throws: ZipError.self) { try self.contents() }

        #expect(error?.description == "unsafe-name (entry 2)")
    }
}
