import AccessControl
import CollimatorCore
import Cryptography
import DICOMweb
import Identity

/// One page of operations over the datasets of the configured stores, in the order of the datasets' names.
struct OperationPage: Sendable {
    let request: OperationListRequest
    let stores: [GatewayStore]
    let ownership: OperationOwnership
    let call: UpstreamCall

    /// The most upstream pages that one request reads; a page that is not full by then ends with a cursor.
    static let upstreamPagesMax = 20

    /// A dataset, the way to it and our stores in it.
    private struct Place {
        let dataset: DatasetName
        let healthcare: HealthcareUpstream
        let stores: [StoreName]
    }

    /// The operations that the caller may see, and where the list goes on.
    ///
    /// A dataset that does not answer fails the list: a part is never shown as the whole.
    func read(for caller: Caller) async throws -> (items: [OperationBody], next: OperationCursor?) {
        var places = self.places[...]
        var token: String?
        if let cursor = self.request.cursor {
            guard let start = places.firstIndex(where: { cursor.names($0.dataset) }) else { return ([], nil) }
            places = places[start...]
            token = cursor.token
        }
        var items: [OperationBody] = []
        for _ in 0..<Self.upstreamPagesMax {
            guard let place = places.first, items.count < self.request.limit else { break }
            let page = try await self.page(of: place, after: token, count: self.request.limit - items.count)
            items += page.operations.compactMap { self.body($0, in: place, for: caller) }
            token = page.next
            if token == nil { places = places.dropFirst() }
        }
        return (items, places.first.map { OperationCursor(dataset: $0.dataset, token: token) })
    }

    private var places: [Place] {
        var stores = self.stores
        if let store = self.request.store { stores = stores.filter { $0.name == store } }
        var seen: Set<DatasetName> = []
        let places = stores.compactMap { store -> Place? in
            guard let dataset = store.resource?.dataset, let healthcare = store.healthcare,
                seen.insert(dataset).inserted
            else { return nil }
            let neighbours = self.stores.filter { $0.resource?.dataset == dataset }.map(\.name)
            return Place(dataset: dataset, healthcare: healthcare, stores: neighbours)
        }
        return places.sorted { $0.dataset.description < $1.dataset.description }
    }

    private func page(
        of place: Place,
        after token: String?,
        count: Int
    ) async throws -> (operations: [UpstreamOperation], next: String?) {
        let after = token.map { "&pageToken=\(PercentEncoding.encode($0))" } ?? ""
        let json = try await place.healthcare.json(
            "\(CloudPath.encoded(place.dataset.description))/operations",
            query: "pageSize=\(count)\(after)",
            self.call
        )
        let operations = (json["operations"]?.elements ?? []).compactMap { UpstreamOperation($0) }
        let next = json["nextPageToken"]?.text
        return (operations.filter { $0.dataset == place.dataset }, next?.isEmpty ?? true ? nil : next)
    }

    /// Nil where the caller may not see the operation, or it is of another store than was asked for.
    private func body(
        _ operation: UpstreamOperation,
        in place: Place,
        for caller: Caller
    ) -> OperationBody? {
        let question = OperationOwnership.Question(
            caller: caller,
            permission: .operationsGet,
            stores: place.stores
        )
        let store: StoreName?
        do {
            store = try self.ownership.store(of: operation.id, in: place.dataset, question)
        } catch {
            return nil
        }
        if let wanted = self.request.store, store != wanted { return nil }
        guard let name = store ?? place.stores.first else { return nil }
        return OperationBody(operation: operation, id: OperationID(store: name, operation: operation.id), store: store)
    }
}
