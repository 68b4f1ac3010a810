import Catalog
import CollimatorCore
import Gateway
import HealthcareAPI
import Identity

extension ArchiveService.Build {
    /// What pulls messages about the stores; nil where no subscription is configured and the stores are not ours.
    func events(
        _ stores: StoreDirectory,
        catalog: StudyCatalog,
        emulator: EmulatorService?
    ) throws -> EventPullService? {
        let intake = Self.intake(stores, catalog)
        if let emulator {
            return EventPullService(intake: intake, logger: self.surroundings.logger) {
                [try await LocalEvents.prepare(emulator)]
            }
        }
        let names = self.configuration.eventSubscriptions
        guard !names.isEmpty else { return nil }
        let credentials = self.configuration.upstreamCredentials
        guard let endpoint = ServiceAddress(self.configuration.pubsubEndpoint, allowingPlainHTTP: credentials == .none)
        else {
            throw StartupError(
                "The address of Pub/Sub is not safe for credentials: \(self.configuration.pubsubEndpoint).",
                remedy: "Use https, or http on this machine."
            )
        }
        let authorization = try credentials.authorization(
            environment: self.surroundings.environment,
            connections: self.connections,
            scope: Self.pubsubScope
        )
        let clients = names.map { name in
            SubscriptionClient(
                name: name,
                endpoint: endpoint,
                authorization: authorization,
                connections: self.connections
            )
        }
        return EventPullService(intake: intake, logger: self.surroundings.logger) { clients }
    }

    /// What takes pushed messages; nil where the configuration names nobody who pushes.
    func push(_ stores: StoreDirectory, catalog: StudyCatalog) -> PubSubPush? {
        guard let push = self.configuration.push else { return nil }
        let verifier = IdentityConfiguration(issuers: [push.issuer]).tokenVerifier(
            connections: self.connections,
            logger: self.surroundings.logger
        )
        guard let verifier else { return nil }
        return PubSubPush(intake: Self.intake(stores, catalog)) { token in
            _ = try await verifier.caller(Substring(token))
        }
    }

    private static func intake(_ stores: StoreDirectory, _ catalog: StudyCatalog) -> EventIntake {
        EventIntake(catalog: catalog) { stores[$0]?.name }
    }

    private static let pubsubScope = "https://www.googleapis.com/auth/pubsub"
}

/// The topic and the subscription of local mode: made as they would be in the cloud, and over HTTP.
enum LocalEvents {
    static let topic = "projects/local/topics/collimator-dicom"
    static let subscription = "projects/local/subscriptions/collimator-gateway"

    /// Makes what is not there, once the emulator listens.
    static func prepare(_ emulator: EmulatorService) async throws -> SubscriptionClient {
        let reach = try await emulator.listening.value.reach
        guard let endpoint = ServiceAddress(reach.endpoint, allowingPlainHTTP: true),
            let name = SubscriptionName(Self.subscription)
        else { throw CollimatorError(.internalError, "the address of the emulator is not one") }
        let setup = NotificationSetup(
            healthcare: endpoint,
            pubsub: endpoint,
            authorization: reach.authorization,
            connections: reach.connections
        )
        try await setup.prepare(emulator.store, topic: Self.topic, subscription: name)
        return SubscriptionClient(
            name: name,
            endpoint: endpoint,
            authorization: reach.authorization,
            connections: reach.connections
        )
    }
}
