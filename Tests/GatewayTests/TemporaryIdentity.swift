import CollimatorCore
import Foundation
import Identity
import Persistence
import TestSupport

@testable import Gateway

/// A directory of keys and callers in a file of its own, which goes with the last who uses it.
enum TemporaryIdentity {
    static func make() async throws -> IdentityDirectory {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/identity.db", readerCount: 1))
        // The clock holds the folder as long as the directory lives.
        let clock = WallClock {
            withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) }
        }
        let directory = IdentityDirectory(store: IdentityStore(database: database), clock: clock)
        try await directory.load()
        return directory
    }
}

extension GatewayUnderTest {
    /// The same gateway with API keys and a memory of who has called.
    func knowingCallers() async throws -> GatewayUnderTest {
        var gateway = self
        gateway.parts.identity = try await TemporaryIdentity.make()
        gateway.parts.authenticator = Authenticator(
            administratorKey: try Self.administratorKey(),
            keys: gateway.parts.identity.keys
        )
        return gateway
    }

    static func administratorKey() throws -> AdministratorKey {
        guard let key = AdministratorKey(Self.key) else { throw CollimatorError(.internalError, "no key") }
        return key
    }
}
