import FoundationEssentials
import Glibc
import Identity
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("The data folder")
struct DataFolderTests {
    @Test("is made with all folders above it, for its owner alone")
    func made() throws {
        let temporary = try TemporaryDirectory()
        let path = "\(temporary.path)/a/b"
        let folder = try DataFolder(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(folder.path == path)
    }

    @Test("belongs to one process at a time, and is free again afterwards")
    func locked() throws {
        let temporary = try TemporaryDirectory()
        let path = "\(temporary.path)/data"
        do {
            let first = try DataFolder(path: path)
            let refusal = #expect(throws: StartupError.self) { try DataFolder(path: path) }
            #expect(refusal?.remedy?.contains("--data-dir") == true)
            withExtendedLifetime(first) {}
        }
        _ = try DataFolder(path: path)
    }

    @Test("a place that cannot be written is refused with a remedy")
    func unwritable() {
        #expect(throws: StartupError.self) { try DataFolder(path: "/proc/collimator") }
    }

    @Test("the key is made once and read again")
    func key() throws {
        let temporary = try TemporaryDirectory()
        var configuration = ServeConfiguration()
        configuration.dataDirectory = temporary.path
        let key = try LocalKey.resolve(configuration)
        let text = try LocalKey.read(in: temporary.path)
        #expect(key.isMatched(by: text))
        #expect(try LocalKey.resolve(configuration).isMatched(by: text))
        var status = stat()
        #expect(stat(LocalKey.path(in: temporary.path), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("a key that others can read is refused")
    func exposedKey() throws {
        let temporary = try TemporaryDirectory()
        var configuration = ServeConfiguration()
        configuration.dataDirectory = temporary.path
        _ = try LocalKey.resolve(configuration)
        #expect(chmod(LocalKey.path(in: temporary.path), 0o644) == 0)
        let refusal = #expect(throws: StartupError.self) { try LocalKey.resolve(configuration) }
        #expect(refusal?.remedy?.contains("chmod 600") == true)
    }

    @Test("beyond this machine no key is made")
    func noKeyBeyondLoopback() throws {
        let temporary = try TemporaryDirectory()
        var configuration = ServeConfiguration()
        configuration.dataDirectory = temporary.path
        configuration.host = "0.0.0.0"
        #expect(throws: StartupError.self) { try LocalKey.resolve(configuration) }
        #expect(access(LocalKey.path(in: temporary.path), F_OK) != 0)
    }

    @Test("a key that can be guessed is refused", arguments: ["", "admin", "clm_admin_short"])
    func weakKeys(text: String) {
        var configuration = ServeConfiguration()
        configuration.administratorKey = .value(text)
        #expect(throws: StartupError.self) { try LocalKey.resolve(configuration) }
    }
}
