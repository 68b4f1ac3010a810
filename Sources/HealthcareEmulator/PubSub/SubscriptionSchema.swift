internal import Cryptography
internal import EmulatorStorage

/// The fields of topics and subscriptions (`google.pubsub.v1`) that are offered here.
///
/// What is not offered and would change what a subscriber gets, such as a filter or an order, is refused and not passed
/// over.
enum SubscriptionSchema {
    static let ackDeadlineSeconds = 10...600
    static let retentionSeconds = 600...(31 * 24 * 3600)
    static let expirationSecondsMin = 24 * 3600
    static let attempts = 5...100
    static let backoffSecondsMax = 600

    static let topic = ResourceSchema(
        resource: "topic",
        fields: [
            ResourceSchema.Field("name", isOutputOnly: true),
            ResourceSchema.Field("labels") { value throws(GoogleError) in try DICOMStoreSchema.labels(value) },
            ResourceSchema.Field("state", isOutputOnly: true),
        ]
    )

    static let subscription = ResourceSchema(
        resource: "subscription",
        fields: [
            ResourceSchema.Field("name", isOutputOnly: true),
            .text("topic") { PubSubName(topic: $0) != nil },
            .object("pushConfig", Self.push),
            .wholeNumber("ackDeadlineSeconds", in: Self.ackDeadlineSeconds),
            .absent("retainAckedMessages"),
            .duration("messageRetentionDuration", in: Self.retentionSeconds),
            ResourceSchema.Field("labels") { value throws(GoogleError) in try DICOMStoreSchema.labels(value) },
            .absent("enableMessageOrdering"),
            .object(
                "expirationPolicy",
                ResourceSchema(
                    resource: "expiration_policy",
                    fields: [.duration("ttl", in: Self.expirationSecondsMin...Int.max)]
                )
            ),
            .absent("filter"),
            .object(
                "deadLetterPolicy",
                ResourceSchema(
                    resource: "dead_letter_policy",
                    fields: [
                        .text("deadLetterTopic") { PubSubName(topic: $0) != nil },
                        .wholeNumber("maxDeliveryAttempts", in: Self.attempts),
                    ]
                )
            ),
            .object(
                "retryPolicy",
                ResourceSchema(
                    resource: "retry_policy",
                    fields: [
                        .duration("minimumBackoff", in: 0...Self.backoffSecondsMax),
                        .duration("maximumBackoff", in: 0...Self.backoffSecondsMax),
                    ]
                )
            ),
            .absent("enableExactlyOnceDelivery"),
            ResourceSchema.Field("detached", isOutputOnly: true),
            ResourceSchema.Field("state", isOutputOnly: true),
        ]
    )

    static let push = ResourceSchema(
        resource: "push_config",
        fields: [
            .text("pushEndpoint") { $0.hasPrefix("https://") || $0.hasPrefix("http://") },
            .object(
                "oidcToken",
                ResourceSchema(
                    resource: "oidc_token",
                    fields: [
                        .text("serviceAccountEmail") { $0.contains("@") && $0.utf8.count <= 320 },
                        .text("audience") { $0.utf8.count <= 1024 },
                    ]
                )
            ),
            .object("noWrapper", ResourceSchema(resource: "no_wrapper", fields: [.boolean("writeMetadata")])),
        ],
        check: { members throws(GoogleError) in
            guard members.isEmpty || members.contains(where: { $0.name == "pushEndpoint" }) else {
                throw .invalidField("pushEndpoint")
            }
        }
    )
}

extension SubscriptionSettings {
    /// What the fields of a subscription say of its deliveries.
    init(_ members: [JSONMember]) {
        self.init()
        let fields = JSONNode.object(members)
        self.isPush = fields["pushConfig"]?["pushEndpoint"] != nil
        if case .integer(let seconds)? = fields["ackDeadlineSeconds"] { self.ackDeadlineSeconds = Int(seconds) }
        if let seconds = fields["messageRetentionDuration"]?.seconds { self.retentionSeconds = seconds }
        if case .string(let topic)? = fields["deadLetterPolicy"]?["deadLetterTopic"] {
            self.deadLetterTopic = PubSubName(topic: topic)
        }
        if case .integer(let attempts)? = fields["deadLetterPolicy"]?["maxDeliveryAttempts"] {
            self.attemptsMax = Int(attempts)
        }
        // Without a policy a pulled message comes back at once, and a pushed one as the upstream's push does.
        (self.backoffMinSeconds, self.backoffMaxSeconds) = self.isPush ? (1, 60) : (0, 0)
        if let policy = fields["retryPolicy"] {
            self.backoffMinSeconds = policy["minimumBackoff"]?.seconds ?? 10
            self.backoffMaxSeconds = max(self.backoffMinSeconds, policy["maximumBackoff"]?.seconds ?? 600)
        }
    }
}

extension JSONNode {
    /// The seconds of a duration such as `600s`; a fraction is left off.
    fileprivate var seconds: Int? {
        guard case .string(let text) = self else { return nil }
        return Int(text.prefix { $0 != "." && $0 != "s" })
    }
}

extension ResourceSchema.Field {
    /// A whole number; 0 is the default and not kept.
    static func wholeNumber(_ name: String, in range: ClosedRange<Int>) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard let number = value.number ?? value.text.flatMap({ Int64($0) }) else { throw .invalidField(name) }
            if number == 0 { return nil }
            guard let whole = Int(exactly: number), range.contains(whole) else { throw .invalidField(name) }
            return .integer(number)
        }
    }

    /// A duration in seconds, as `600s`.
    static func duration(_ name: String, in range: ClosedRange<Int>) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard let text = value.text, text.hasSuffix("s"), text.utf8.count <= 24 else { throw .invalidField(name) }
            let parts = text.dropLast().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
                let seconds = Int(parts[0]), range.contains(seconds)
            else { throw .invalidField(name) }
            return .string(text)
        }
    }

    /// A field that may be named with the value that it has when it is left out, and with no other.
    static func absent(_ name: String) -> ResourceSchema.Field {
        ResourceSchema.Field(name) { value throws(GoogleError) in
            guard value == .boolean(false) || value == .string("") else {
                throw GoogleError(.unimplemented, naming: "The field \"\(EchoedName(name))\" is not offered here.")
            }
            return nil
        }
    }
}
