import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Webhooks

/// Endpoints, their deliveries and replays as JSON.
enum WebhookBody {
    static let root = "/api/v1/webhooks"

    /// Never with the secret, which stands only in the answers that made it, nor with what calls carry beside.
    static func json(_ endpoint: WebhookEndpoint, secret: WebhookSecret? = nil) -> JSONValue {
        let settings = endpoint.settings
        let path = "\(Self.root)/\(endpoint.id)"
        var members: [(String, JSONValue)] = [
            ("id", .string(endpoint.id)),
            ("name", .string(settings.name)),
            ("url", .string(settings.url)),
            ("principal", .string(endpoint.principal.description)),
            ("state", .string(Self.word(endpoint.state))),
            ("types", Self.texts(settings.filter.types)),
            ("stores", Self.texts(settings.filter.stores)),
            ("modalities", Self.texts(settings.filter.modalities)),
            ("condition", settings.filter.condition.map { .written($0.text) } ?? .null),
            ("dataPolicy", .string(settings.policy.rawValue)),
            ("callsPerMinute", .number(settings.callsPerMinute)),
            ("ordered", .bool(settings.isOrdered)),
            ("headerNames", Self.texts(endpoint.headerNames)),
            ("clientCertificate", Self.json(endpoint.certificate)),
            ("failuresInARow", .integer(endpoint.failures)),
            ("pausedUntil", APIKeyBody.time(endpoint.pausedUntil > 0 ? endpoint.pausedUntil : nil)),
            ("createdAt", APIKeyBody.time(endpoint.createdAt)),
            ("previousSecretEndsAt", APIKeyBody.time(endpoint.oldSecretUntil)),
            (
                "links",
                .object([
                    ("self", .string(path)),
                    ("challenges", .string("\(path)/challenges")),
                    ("deliveries", .string("\(path)/deliveries")),
                    ("replays", .string("\(path)/replays")),
                ])
            ),
        ]
        if let secret { members.append(("secret", .string(secret.text))) }
        return .object(members)
    }

    private static func json(_ certificate: CertificateSummary?) -> JSONValue {
        guard let certificate else { return .null }
        return .object([
            ("sha256", .string(certificate.digest)), ("endsAt", APIKeyBody.time(certificate.endsAt)),
        ])
    }

    private static func word(_ state: WebhookEndpoint.State) -> String {
        switch state {
        case .unproved: "unverified"
        case .active: "active"
        case .gone: "gone"
        case .failing: "failing"
        case .off: "suspended"
        }
    }

    private static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    static func json(_ delivery: WebhookDelivery, to endpoint: String) -> JSONValue {
        let path = "\(Self.root)/\(endpoint)/deliveries/\(delivery.event)"
        let isEnded = [.delivered, .dead, .withheld].contains(delivery.state)
        return .object([
            ("event", .string(delivery.event)),
            ("type", .string(delivery.type)),
            ("store", .text(delivery.store?.rawValue)),
            ("study", .text(delivery.study?.rawValue)),
            ("state", .string(Self.word(delivery.state))),
            ("attempts", .integer(delivery.attempts)),
            ("createdAt", APIKeyBody.time(delivery.createdAt)),
            ("nextAttemptAt", APIKeyBody.time(delivery.state == .waiting ? delivery.dueAt : nil)),
            ("endedAt", APIKeyBody.time(isEnded ? delivery.dueAt : nil)),
            (
                "links",
                .object([
                    ("self", .string(path)),
                    ("attempts", .string("\(path)/attempts")),
                    ("redeliveries", .string("\(path)/redeliveries")),
                ])
            ),
        ])
    }

    /// The words for states of deliveries.
    static func word(_ state: DeliveryState) -> String {
        switch state {
        case .waiting: "waiting"
        case .underway: "underway"
        case .delivered: "delivered"
        case .dead: "failed"
        case .withheld: "withheld"
        }
    }

    static func json(_ attempt: WebhookAttempt) -> JSONValue {
        .object([
            ("number", .integer(attempt.number)),
            ("startedAt", APIKeyBody.time(attempt.startedAt)),
            ("durationMilliseconds", .integer(Int(max(0, attempt.milliseconds)))),
            ("status", .number(attempt.status)),
            ("failure", .text(attempt.failure)),
        ])
    }

    static func json(_ outcome: WebhookEngine.TestOutcome) -> JSONValue {
        .object([
            ("delivered", .bool(outcome.status.map { (200...299).contains($0) } ?? false)),
            ("status", .number(outcome.status)),
            ("failure", .text(outcome.failure)),
            ("durationMilliseconds", .integer(Int(outcome.milliseconds))),
        ])
    }

    static func path(_ replay: WebhookReplay) -> String { "\(Self.root)/\(replay.endpoint)/replays/\(replay.id)" }

    static func json(_ replay: WebhookReplay) -> JSONValue {
        .object([
            ("id", .string(replay.id)),
            ("state", .string(replay.state.rawValue)),
            ("since", APIKeyBody.time(replay.wish.since)),
            ("until", APIKeyBody.time(replay.wish.until)),
            ("includeDelivered", .bool(replay.wish.includesDelivered)),
            ("events", .integer(Int(replay.events))),
            ("eventsDone", .integer(Int(replay.eventsDone))),
            ("deliveries", .integer(Int(replay.deliveries))),
            ("complete", .bool(replay.isComplete)),
            ("createdAt", APIKeyBody.time(replay.createdAt)),
            ("endedAt", APIKeyBody.time(replay.endedAt)),
            ("links", .object([("self", .string(Self.path(replay)))])),
        ])
    }
}
