package import CollimatorCore
internal import Cryptography
internal import NIOHTTP1

/// Makes what it takes to hear of the changes in a DICOM store: a topic, a subscription of it, and the store's word that
/// it publishes there.
package struct NotificationSetup: Sendable {
    private let healthcare: AdministrationExchange
    private let pubsub: AdministrationExchange

    /// - Parameters:
    ///   - healthcare: the address of the Healthcare API.
    ///   - pubsub: the address of Pub/Sub.
    ///   - authorization: the value of the `Authorization` header.
    ///   - connections: how to reach them.
    package init(
        healthcare: ServiceAddress,
        pubsub: ServiceAddress,
        authorization: @escaping @Sendable (_ refreshing: Bool) async throws -> String?,
        connections: UpstreamConnections
    ) {
        func exchange(_ endpoint: ServiceAddress) -> AdministrationExchange {
            AdministrationExchange(
                endpoint: endpoint,
                authorization: authorization,
                connections: connections,
                timing: .live,
                policy: RequestPolicy(attemptDeadline: .seconds(30))
            )
        }
        self.healthcare = exchange(healthcare)
        self.pubsub = exchange(pubsub)
    }

    /// Makes what is not there; a store that publishes somewhere already is left as it is.
    package func prepare(_ store: DICOMStoreName, topic: String, subscription: SubscriptionName) async throws {
        _ = try await self.pubsub.send(.PUT, self.address(topic), absent: 409)
        let body = "{\"topic\":\(StrictJSON.quoted(topic)),\"ackDeadlineSeconds\":30}"
        _ = try await self.pubsub.send(
            .PUT,
            self.address(subscription.description),
            body: Array(body.utf8),
            absent: 409
        )
        let known = try await self.healthcare.find(store.description)
        guard known?["notificationConfig"] == nil, known?["notificationConfigs"] == nil else { return }
        let settings = "{\"notificationConfigs\":[{\"pubsubTopic\":\(StrictJSON.quoted(topic))}]}"
        let address = "\(self.healthcare.endpoint)/v1/\(ResourcePath.encoded(store.description))"
        _ = try await self.healthcare.send(
            .PATCH,
            address + "?updateMask=notificationConfigs",
            body: Array(settings.utf8)
        )
    }

    private func address(_ name: String) -> String { "\(self.pubsub.endpoint)/v1/\(ResourcePath.encoded(name))" }
}
