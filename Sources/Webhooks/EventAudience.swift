internal import Catalog
internal import CollimatorCore

/// The endpoints that are called, told apart by what they ask for first of all: of ten thousand, most want nothing of an
/// event.
struct EventAudience: Sendable {
    /// All of them, by id.
    let endpoints: [WebhookEndpoint]
    /// Those that name types of events, and those that take any.
    private let ofType: [String: Group]
    private let ofAnyType: Group
    /// By the principal that each is.
    private let ofPrincipal: [String: WebhookEndpoint]

    /// Those that name stores, and those that take any.
    private struct Group: Sendable {
        var ofStore: [String: [WebhookEndpoint]] = [:]
        var ofAnyStore: [WebhookEndpoint] = []

        mutating func add(_ endpoint: WebhookEndpoint) {
            guard !endpoint.filter.stores.isEmpty else { return self.ofAnyStore.append(endpoint) }
            for store in Set(endpoint.filter.stores) { self.ofStore[store, default: []].append(endpoint) }
        }

        func candidates(_ store: String?) -> [WebhookEndpoint] {
            self.ofAnyStore + (store.flatMap { self.ofStore[$0] } ?? [])
        }
    }

    init(_ endpoints: [WebhookEndpoint]) {
        var ofType: [String: Group] = [:]
        var ofAnyType = Group()
        for endpoint in endpoints {
            for type in Set(endpoint.filter.types) { ofType[type, default: Group()].add(endpoint) }
            if endpoint.filter.types.isEmpty { ofAnyType.add(endpoint) }
        }
        (self.endpoints, self.ofType, self.ofAnyType) = (endpoints, ofType, ofAnyType)
        self.ofPrincipal = Dictionary(endpoints.map { ($0.principal.description, $0) }) { first, _ in first }
    }

    /// Those that may want the event: whose filter it passes is still to be seen.
    ///
    /// What is for one alone is told study by study, of a whole store where a rule was taken away: it looks at that one.
    func candidates(for event: ChangeEvent) -> [WebhookEndpoint] {
        guard event.type != .studyRemoved else { return [self.ofPrincipal[event.subject]].compactMap(\.self) }
        let store = event.store?.rawValue
        return self.ofAnyType.candidates(store) + (self.ofType[event.type.rawValue]?.candidates(store) ?? [])
    }

    /// Those whose filter the event passes, by id.
    func hearers(of event: ChangeEvent) -> [WebhookEndpoint] {
        self.candidates(for: event).filter { $0.isFor(event) && $0.filter.passes(event) }.sorted { $0.id < $1.id }
    }
}
