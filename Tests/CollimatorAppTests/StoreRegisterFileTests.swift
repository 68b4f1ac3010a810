import CollimatorCore
import FoundationEssentials
import Gateway
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("The list of stores that were made here")
struct StoreRegisterFileTests {
    private static func store(_ name: String, _ id: String) throws -> RegisteredStore {
        RegisteredStore(
            name: try #require(StoreName(name)),
            resource: try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/\(id)"))
        )
    }

    @Test("is there again after a restart, also in another script, and forgets what was struck out")
    func restart() async throws {
        let folder = try TemporaryDirectory()
        let first = try Self.store("new-store", "New_Store")
        let second = try Self.store("b", "Ж")
        do {
            let file = try StoreRegisterFile(try DataFolder(path: folder.path))
            #expect(file.stores.isEmpty)
            try await file.register.add(first)
            try await file.register.add(second)
            try await file.register.add(first)
        }
        do {
            let file = try StoreRegisterFile(try DataFolder(path: folder.path))
            #expect(Set(file.stores) == [first, second])
            try await file.register.remove([first.name])
        }
        let file = try StoreRegisterFile(try DataFolder(path: folder.path))
        #expect(file.stores == [second])
    }

    @Test("many changes at once are all kept")
    func concurrency() async throws {
        let folder = try TemporaryDirectory()
        let data = try DataFolder(path: folder.path)
        let file = try StoreRegisterFile(data)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { try await file.register.add(try Self.store("s\(number)", "s\(number)")) }
            }
            try await group.waitForAll()
        }
        let again = try StoreRegisterFile(data)
        #expect(again.stores.count == 20)
    }

    @Test(
        "a file that cannot be read stops the start",
        arguments: [
            "", "{}", #"{"version":2,"stores":[]}"#, #"{"version":1,"stores":[{"name":"A","resource":"x"}]}"#,
            #"{"version":1}"#,
        ]
    )
    func unreadable(text: String) throws {
        let folder = try TemporaryDirectory()
        let data = try DataFolder(path: folder.path)
        try Data(text.utf8).write(to: URL(filePath: "\(folder.path)/stores-made-here.json"))
        #expect(throws: StartupError.self) { _ = try StoreRegisterFile(data) }
    }

    @Test("a disk that takes nothing fails the change and keeps what was there")
    func unwritable() async throws {
        let folder = try TemporaryDirectory()
        let file = try StoreRegisterFile(try DataFolder(path: folder.path))
        let store = try Self.store("a", "a")
        // A folder in the place of the temporary file cannot be opened for writing, whoever asks.
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/stores-made-here.json.new",
            withIntermediateDirectories: false
        )
        await #expect(throws: CollimatorError.self) { try await file.register.add(store) }
        #expect(file.stores.isEmpty)
    }
}
