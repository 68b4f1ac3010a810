package import AccessControl
package import Catalog
package import CollimatorCore
internal import DICOMweb

/// Someone who is called when something changes.
package struct WebhookEndpoint: Hashable, Sendable {
    package let id: String
    package let settings: WebhookSettings
    package let state: State
    /// How many calls in a row have failed.
    package let failures: Int
    /// When it was made, in milliseconds since 1970.
    package let createdAt: Int64
    /// Until when it is left alone because its calls have failed, in milliseconds since 1970; in the past where it is
    /// not.
    package let pausedUntil: Int64
    /// Until when the secret before signs too, in milliseconds since 1970; nil where there is none.
    package let oldSecretUntil: Int64?
    /// The names of its own headers, sorted.
    package let headerNames: [String]
    /// By what it knows us; nil where that is the signature alone.
    package let certificate: CertificateSummary?

    package var url: String { self.settings.url }
    var filter: WebhookFilter { self.settings.filter }

    /// The principal whose rules decide what it gets.
    package var principal: Principal { .client(id: self.id) }

    /// Whether an event that is for one principal alone is for this one.
    func isFor(_ event: ChangeEvent) -> Bool {
        event.type != .studyRemoved || event.subject == self.principal.description
    }

    /// What the id of every endpoint begins with: no id of an API key has an underscore, so that the two never meet.
    static let idPrefix = "ep_"
    /// How many characters follow: 16 random bytes in the URL form of Base64.
    static let idLength = 22

    /// Whether the text can be an id of an endpoint.
    package static func isID(_ text: some StringProtocol) -> Bool { Self.isID(text, prefix: Self.idPrefix) }

    static func isID(_ text: some StringProtocol, prefix: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + Self.idLength
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }

    /// Whether it is called.
    package enum State: String, Sendable, CaseIterable {
        /// Nobody has shown yet that the endpoint wants to be called: it gets nothing but the challenge.
        case unproved
        case active
        /// It answered 410: it wants nothing any more.
        case gone
        /// It has failed for too long.
        case failing
        /// Somebody switched it off.
        case off
    }
}

/// What is said about an endpoint by whoever makes it.
package struct WebhookSettings: Hashable, Sendable {
    package var url: String
    /// What people call it.
    package var name: String
    package var filter = WebhookFilter()
    /// How much of a study it asks for; it gets no more than rules allow.
    package var policy = EventDataPolicy.uids
    /// The most calls in a minute; nil for as many as it answers.
    package var callsPerMinute: Int?
    /// Whether events of one study come one after the other, each when the one before was taken.
    package var isOrdered = false

    package init(url: String, name: String) {
        self.url = url
        self.name = name
    }

    package static let callsPerMinuteRange = 1...60_000
}

/// Which events an endpoint asks for; an empty list asks for all.
package struct WebhookFilter: Hashable, Sendable, Codable {
    package var types: [String] = []
    package var stores: [String] = []
    package var modalities: [String] = []
    /// What it asks of studies beyond that; nil for nothing.
    ///
    /// It is decided on by what the catalog knows of the study: see ``WebhookEngine/Decisions/permitted``.
    package var condition: WholeStudyCondition?

    /// The most values of one list.
    package static let valuesMax = 100

    package init() {}

    /// - Throws: `invalid-input` for lists that are too long or name types that there are not.
    package func check() throws(CollimatorError) {
        let isKnown = self.types.allSatisfy { ChangeEvent.Kind(rawValue: $0) != nil }
        let isShort = [self.types, self.stores, self.modalities].allSatisfy { $0.count <= Self.valuesMax }
        guard isKnown, isShort, self.stores.allSatisfy({ StoreName($0) != nil }),
            self.modalities.allSatisfy(Self.isModality)
        else {
            throw CollimatorError(
                .invalidInput,
                "the filter of an endpoint cannot be used",
                publicDetail: "The filter names types, stores or modalities that cannot be, or more than 100 of them."
            )
        }
    }

    /// A code string (PS3.5 §6.2, CS): capitals, digits, spaces and underscores, at most 16.
    private static func isModality(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: " ")
                    || byte == UInt8(ascii: "_")
            }
    }

    /// Whether it passes that a study has left the view, of whatever store.
    var asksForRemovals: Bool { self.types.isEmpty || self.types.contains(ChangeEvent.Kind.studyRemoved.rawValue) }

    func passes(_ event: ChangeEvent) -> Bool {
        guard self.types.isEmpty || self.types.contains(event.type.rawValue) else { return false }
        if !self.stores.isEmpty {
            guard let store = event.store, self.stores.contains(store.rawValue) else { return false }
        }
        // What is of no study is none of those that are asked for.
        guard self.condition == nil || event.study != nil else { return false }
        // Of a study that has left the view nothing is known; what was told of it passed.
        guard !self.modalities.isEmpty, event.type != .studyRemoved else { return true }
        return event.attributes.strings(.modalitiesInStudy).contains { self.modalities.contains($0) }
    }
}

extension EventDataPolicy {
    /// No more than the other says.
    func limited(to other: EventDataPolicy) -> EventDataPolicy { self.isWithin(other) ? self : other }

    /// Whether it says no more than the other.
    func isWithin(_ other: EventDataPolicy) -> Bool { self.rank <= other.rank }

    private var rank: Int {
        switch self {
        case .uids: 0
        case .orders: 1
        case .demographics: 2
        }
    }
}
