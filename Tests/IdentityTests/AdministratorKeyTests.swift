import Foundation
import Identity
import TestSupport
import Testing

@Suite("the administrator key")
struct AdministratorKeyTests {
    @Test("a new key has the form, matches itself and is never the same")
    func generated() throws {
        let text = AdministratorKey.generateText()
        let key = try #require(AdministratorKey(text))

        #expect(text.wholeMatch(of: /clm_admin_[A-Za-z0-9_-]{43}/) != nil)
        #expect(key.isMatched(by: text))
        #expect(!key.isMatched(by: AdministratorKey.generateText()))
        #expect(!key.isMatched(by: ""))
    }

    @Test(
        "what could be guessed is no key",
        arguments: [
            "", "admin", "clm_admin_", "clm_admin_admin", "clm_key_" + String(repeating: "A", count: 43),
            "clm_admin_" + String(repeating: "A", count: 42), "clm_admin_" + String(repeating: "A", count: 44),
            "clm_admin_" + String(repeating: "A", count: 42) + "=", " clm_admin_" + String(repeating: "A", count: 43),
            "CLM_ADMIN_" + String(repeating: "A", count: 43),
        ]
    )
    func malformed(text: String) {
        #expect(AdministratorKey(text) == nil)
    }

    @Test("printing a key shows nothing of it")
    func printing() throws {
        let key = try #require(AdministratorKey(AdministratorKey.generateText()))
        var dumped = ""
        dump(key, to: &dumped)

        #expect("\(key)" == "AdministratorKey(…)")
        #expect(dumped == "- AdministratorKey(…)\n")
    }

    @Test("the first start writes the key for its owner alone, the next one finds it")
    func readOrGenerate() throws {
        let folder = try TemporaryDirectory()
        let store = AdministratorKeyStore(path: folder.path + "/administrator-key")
        let first = try store.readOrGenerate()
        let second = try store.readOrGenerate()
        let mode = try FileManager.default.attributesOfItem(atPath: store.path)[.posixPermissions] as? NSNumber

        #expect(first.isNew)
        #expect(!second.isNew)
        #expect(first.text == second.text)
        #expect(mode?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["administrator-key"])
    }

    @Test("of many that start at once all use one key")
    func race() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/administrator-key"
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                group.addTask { try AdministratorKeyStore(path: path).readOrGenerate().text }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }

        #expect(texts.count == 1)
    }

    @Test("a file that others can read is refused where it is ours, and taken where it is mounted")
    func exposed() throws {
        let folder = try TemporaryDirectory()
        let store = AdministratorKeyStore(path: folder.path + "/administrator-key")
        let text = try store.readOrGenerate().text
        for mode in [0o640, 0o604, 0o660, 0o620] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: store.path)
            #expect(throws: AdministratorKeyError.exposed) { try store.readOrGenerate() }
        }
        #expect(try store.read(mustBePrivate: false) == text)
    }

    @Test("white space around the key is ignored, anything else is not")
    func content() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/key"
        let key = AdministratorKey.generateText()
        let store = AdministratorKeyStore(path: path)
        for text in [key, key + "\n", "\r\n \(key)\r\n"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(try store.read(mustBePrivate: false) == key)
        }
        for text in [
            "", "\n", "hunter2", key + key, "\(key)\n\(key)", "key: \(key)", String(repeating: " ", count: 5_000) + key,
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: AdministratorKeyError.malformed) { try store.read(mustBePrivate: false) }
        }
    }

    @Test("what is no file, or cannot be written, is a fault")
    func unusable() throws {
        let folder = try TemporaryDirectory()

        #expect(throws: AdministratorKeyError.unreadable) {
            try AdministratorKeyStore(path: folder.path).read(mustBePrivate: false)
        }
        #expect(throws: AdministratorKeyError.unreadable) {
            try AdministratorKeyStore(path: folder.path + "/none").read(mustBePrivate: false)
        }
        #expect(throws: AdministratorKeyError.unreadable) {
            try AdministratorKeyStore(path: "/dev/zero").read(mustBePrivate: false)
        }
        #expect(throws: AdministratorKeyError.unwritable) {
            try AdministratorKeyStore(path: folder.path + "/none/key").readOrGenerate()
        }
    }
}
