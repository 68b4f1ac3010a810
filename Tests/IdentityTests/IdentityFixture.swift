import CollimatorCore
import Foundation
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Identity

/// A directory in a file of its own, with a clock that stands still until it is moved.
final class IdentityFixture: Sendable {
    let path: String
    let directory: IdentityDirectory
    private let shared: SharedSeconds
    /// The folder goes with the last who uses the directory's clock.
    private let folder: @Sendable () -> Void

    static let administrator = Caller(verified: .administrator, method: .administratorKey)

    convenience init(keyLimits: APIKeyLimits = APIKeyLimits(), principalLimits: PrincipalLimits = PrincipalLimits())
        async throws
    {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/identity.db"
        try await self.init(path: path, keyLimits, principalLimits) { withExtendedLifetime(folder) {} }
    }

    private init(
        path: String,
        _ keyLimits: APIKeyLimits,
        _ principalLimits: PrincipalLimits,
        folder: @escaping @Sendable () -> Void
    ) async throws {
        let seconds = SharedSeconds()
        self.path = path
        self.folder = folder
        self.shared = seconds
        self.directory = IdentityDirectory(
            store: IdentityStore(database: try Database.open(DatabaseConfiguration(path: path, readerCount: 1))),
            clock: WallClock { Date(timeIntervalSince1970: 1_790_000_000 + seconds.value) },
            keyLimits: keyLimits,
            principalLimits: principalLimits
        )
        try await self.directory.load()
    }

    func move(seconds: Double) { self.shared.add(seconds) }

    /// The same file after the process has ended and begun again.
    func restarted() async throws -> IdentityFixture {
        try await self.directory.close()
        let next = try await IdentityFixture(
            path: self.path,
            APIKeyLimits(),
            PrincipalLimits(),
            folder: self.folder
        )
        next.move(seconds: self.shared.value)
        return next
    }

    func makeKey(_ wish: APIKeys.Wish = APIKeys.Wish(name: "An app")) async throws -> APIKeys.Issued {
        try await self.directory.keys.create(wish, by: Self.administrator)
    }

    func now() -> Int64 { Int64((1_790_000_000 + self.shared.value) * 1_000) }
}

/// Seconds that have passed.
private final class SharedSeconds: Sendable {
    private let seconds = Mutex(0.0)

    var value: Double { self.seconds.withLock { $0 } }

    func add(_ more: Double) { self.seconds.withLock { $0 += more } }
}

/// The code of what the closure throws, nil where it throws nothing.
func code(_ body: () async throws -> Void) async -> CollimatorError.Code? {
    do {
        try await body()
        return nil
    } catch let error as CollimatorError {
        return error.code
    } catch {
        Issue.record("an error of another type")
        return nil
    }
}

extension APIKeys.Issued {
    /// The text; empty for a file.
    var text: String {
        if case .text(let text) = self.shown { text } else { "" }
    }

    /// The file of a key that has one.
    var file: KeyFile {
        get throws {
            guard case .file(let file) = self.shown else { throw CollimatorError(.internalError, "no file") }
            return file
        }
    }
}
