import CollimatorCore
import Cryptography
import Gateway
import Glibc
import NIOPosix
import Synchronization

/// The file in the data folder with the stores that were made through the service.
///
/// It is small and written whole: to another name, flushed, and renamed, so that after a crash either the old or the
/// new list is there.
final class StoreRegisterFile: Sendable {
    /// The form of the file; a newer one is refused.
    private static let version: Int64 = 1
    /// A file with the most stores that can be made is a third of this.
    private static let bytesMax = StrictJSON.textBytesMax

    private let path: String
    private let state: Mutex<[RegisteredStore]>

    /// Reads the file, where there is one.
    ///
    /// Throws ``StartupError`` where it cannot be read, for a start without it would lose stores.
    init(_ folder: DataFolder) throws {
        self.path = "\(folder.path)/stores-made-here.json"
        self.state = Mutex(try Self.read(self.path))
    }

    /// What was in the file at the start, and has changed since.
    var stores: [RegisteredStore] { self.state.withLock { $0 } }

    /// The way for the gateway to write to it.
    var register: StoreRegister {
        StoreRegister(
            add: { store in
                try await self.change { stores in stores.filter { $0.name != store.name } + [store] }
            },
            remove: { names in
                try await self.change { stores in stores.filter { !names.contains($0.name) } }
            }
        )
    }

    /// One change at a time, on a thread that may wait for the disk.
    private func change(
        _ change: @escaping @Sendable ([RegisteredStore]) -> [RegisteredStore]
    ) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try self.state.withLock { stores in
                let changed = change(stores)
                guard changed != stores else { return }
                try Self.write(changed, to: self.path)
                stores = changed
            }
        }
    }

    private static func write(_ stores: [RegisteredStore], to path: String) throws(CollimatorError) {
        let items = stores.sorted { $0.name < $1.name }.map { store in
            let resource = StrictJSON.quoted(store.resource.description)
            return "    {\"name\": \(StrictJSON.quoted(store.name.rawValue)), \"resource\": \(resource)}"
        }
        let text = "{\n  \"version\": \(Self.version),\n  \"stores\": [\n\(items.joined(separator: ",\n"))\n  ]\n}\n"
        let temporary = "\(path).new"
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.bytesMax else { throw Self.unwritable }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable }
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw Self.unwritable
        }
        Self.flushFolder(of: path)
    }

    /// Makes the new name outlive a loss of power.
    private static func flushFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func read(_ path: String) throws -> [RegisteredStore] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return [] }
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }

        var bytes = [UInt8](repeating: 0, count: Self.bytesMax + 1)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard (0...Self.bytesMax).contains(count), let json = StrictJSON(parsing: Array(bytes.prefix(count))),
            json["version"]?.number == Self.version, let items = json["stores"]?.elements
        else { throw Self.unreadable(path) }
        return try items.map { item in
            guard let name = item["name"]?.text.flatMap({ StoreName($0) }),
                let resource = item["resource"]?.text.flatMap({ DICOMStoreName($0) })
            else { throw Self.unreadable(path) }
            return RegisteredStore(name: name, resource: resource)
        }
    }

    private static func unreadable(_ path: String) -> StartupError {
        StartupError(
            "The list of stores that were made through this service cannot be read: \(path).",
            remedy: "Restore the file, or move it away to start without those stores."
        )
    }

    private static var unwritable: CollimatorError {
        CollimatorError(.insufficientStorage, "the list of stores cannot be written")
    }
}
