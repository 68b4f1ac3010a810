import Glibc
import NIOCore
import TestSupport
import Testing

@testable import Gateway

@Suite("A passing file")
struct SpoolFileTests {
    @Test("has no name, is closed on exec, is nobody else's, and gives back what was written")
    func file() async throws {
        let folder = try TemporaryDirectory()
        let file = try await SpoolFile.make(in: folder.path)
        try await file.write(ByteBuffer(string: "one"))
        try await file.write(ByteBuffer(string: "two"))
        let descriptor = try #require(file.path.split(separator: "/").last.flatMap { Int32($0) })
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC == FD_CLOEXEC)
        var status = stat()
        #expect(fstat(descriptor, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600 && status.st_nlink == 0 && status.st_size == 6)
        let again = open(file.path, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: 10)
        #expect(read(again, &bytes, bytes.count) == 6)
        close(again)
        #expect(String(decoding: bytes.prefix(6), as: UTF8.self) == "onetwo")
    }

    @Test("cannot be made where there is no folder")
    func noFolder() async throws {
        await #expect(throws: (any Error).self) { try await SpoolFile.make(in: "/nowhere/at/all") }
    }
}
