import Catalog
import CollimatorCore
import DICOMweb

/// The query of a search for instances on its way to the store: attributes and the parameters of PS3.18 §8.3.4, and
/// nothing else of what the client sent.
enum InstanceQuery {
    /// What the Healthcare API matches, one value each and as a whole.
    private static let matched: Set<Tag> = [
        .studyInstanceUID, .patientName, .patientID, .accessionNumber, .referringPhysicianName, .studyDate,
        .seriesInstanceUID, .modality, .sopInstanceUID,
    ]

    /// Whether the store can be asked; what another server cannot do it has to say itself.
    static func isUnderstood(_ search: QIDOSearch, by kind: GatewayStore.Kind) -> Bool {
        guard kind == .healthcare else { return true }
        return search.keys.allSatisfy { key in
            guard key.path.tags.count == 1, Self.matched.contains(key.path.tags[0]), key.values.count == 1,
                key.tests.count == 1
            else { return false }
            switch key.tests[0] {
            case .anyOf(let values): return values.count == 1
            case .words: return key.path.tags == [.patientName]
            case .range(let from, let to): return from != nil && to != nil
            case .pattern: return false
            }
        }
    }

    /// The query to send, nil where there is nothing to say.
    static func text(of search: QIDOSearch, in place: SearchPlace) -> String? {
        var items = search.keys.flatMap { key in
            key.values.map { (Self.name(key.path), $0) }
        }
        items += self.fields(of: search).map { ("includefield", $0) }
        if search.isFuzzy { items.append(("fuzzymatching", "true")) }
        if let limit = search.limit {
            items.append(("limit", String(limit)))
        } else if place.study != nil, !place.isCloud, place.store.kind == .healthcare {
            items.append(("limit", String(InstanceSearch.storeLimitMax)))
        }
        if search.offset > 0 { items.append(("offset", String(search.offset))) }
        return self.encoded(items)
    }

    /// The names of the fields to ask the store for: sequences whole, and nothing that the Healthcare API refuses.
    static func fields(of search: QIDOSearch) -> [String] {
        guard !search.fields.isAll else { return ["all"] }
        var tags: [Tag] = []
        for path in search.fields.paths {
            let isComputed = SearchedAttributes.computed.contains(path.tags[0]) || path.tags[0] == .modalitiesInStudy
            if !isComputed, !tags.contains(path.tags[0]) { tags.append(path.tags[0]) }
        }
        return tags.map { $0.keyword ?? $0.hex }
    }

    /// Signs that are common in values stay readable.
    static func encoded(_ items: [(name: String, value: String)]) -> String? {
        let pairs = items.map {
            "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value, leaving: ",*:"))"
        }
        return pairs.isEmpty ? nil : pairs.joined(separator: "&")
    }

    private static func name(_ path: AttributePath) -> String {
        path.tags.map { $0.keyword ?? $0.hex }.joined(separator: ".")
    }
}
