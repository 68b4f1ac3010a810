import CollimatorCore
import DICOMweb
import Gateway
import HealthcareAPI
import Synchronization

extension HealthcareUpstream {
    /// The Healthcare API as one credential reaches it.
    ///
    /// `reach` is asked once something is wanted: in local mode the emulator's port is known only once it listens.
    static func client(_ reach: @escaping @Sendable () async throws -> HealthcareReach) -> HealthcareUpstream {
        let administration = KeptClient { try await reach().administration() }
        return HealthcareUpstream(
            exchange: { request, _ in
                try await administration.client().pass(request)
            },
            connect: { name in
                let store = KeptClient { try await reach().client(of: name) }
                return StoreUpstream.client(isHealthcareAPI: true) { try await store.client() }
            },
            iamPolicy: { resource, _ in
                try await reach().policies().findIfAllowed(resource)
            }
        )
    }
}

/// A client that is made when it is first wanted and then kept, for it counts its retries.
private final class KeptClient: Sendable {
    private let made = Mutex<DICOMwebClient?>(nil)
    private let make: @Sendable () async throws -> DICOMwebClient

    init(make: @escaping @Sendable () async throws -> DICOMwebClient) {
        self.make = make
    }

    /// Of two who want it first both make one, and the first made is kept.
    func client() async throws -> DICOMwebClient {
        if let client = self.made.withLock({ $0 }) { return client }
        let client = try await self.make()
        return self.made.withLock { made in
            if let made { return made }
            made = client
            return client
        }
    }
}
