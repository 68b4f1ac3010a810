import AccessControl
import CollimatorCore
import Hummingbird
import Webhooks

/// An endpoint of webhooks, by its id; whether there is one is for the handler to find out.
struct WebhookTarget: RouteTarget {
    let id: String

    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        guard let id = parameters["webhook"], WebhookEndpoint.isID(id) else {
            throw CollimatorError(.notFound, "the id of an endpoint is none")
        }
        self.id = String(id)
    }
}

/// A delivery to an endpoint, by the id of its event.
struct WebhookDeliveryTarget: RouteTarget {
    let webhook: String
    let event: String

    let resource = AccessResource.service

    /// The longest id of an event, in bytes.
    private static let eventBytesMax = 64

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        self.webhook = try WebhookTarget(parameters: parameters, stores: stores).id
        guard let event = parameters["event"], (1...Self.eventBytesMax).contains(event.utf8.count),
            event.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "_")
            })
        else { throw CollimatorError(.notFound, "the id of an event is none") }
        self.event = String(event)
    }
}

/// A replay to an endpoint, by its id.
struct WebhookReplayTarget: RouteTarget {
    let webhook: String
    let replay: String

    let resource = AccessResource.service

    init(parameters: Parameters, stores: StoreDirectory) throws(CollimatorError) {
        self.webhook = try WebhookTarget(parameters: parameters, stores: stores).id
        guard let replay = parameters["replay"], WebhookReplay.isID(replay) else {
            throw CollimatorError(.notFound, "the id of a replay is none")
        }
        self.replay = String(replay)
    }
}
