import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import Identity

/// What else there is of a study's patient: the studies under the same identifier of the same issuer.
struct PriorsController: Sendable {
    let readable: ReadableStores
    let listing: StudyListing

    var endpoints: [Endpoint] {
        [
            Endpoint(
                .get,
                "/api/v1/stores/{store}/studies/{study}/priors",
                .dicomWebRead,
                reach: .permitted,
                handler: self.list
            )
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: StudyTarget
    ) async throws -> Response {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseUnknown(
            known: ListWish.known,
            detail: "The request has an unknown parameter. Known are limit, cursor, total and include."
        )
        let wish = try ListWish(parameters)
        guard let study = try await self.listing.catalog.study(target.study, in: target.store.name) else {
            throw CollimatorError(.notFound, "the store has no study of this UID")
        }
        // An identifier means something with its issuer alone: without one it is not taken to other stores.
        let hasIssuer = study.attributes.text(.issuerOfPatientID) != nil
        let stores = hasIssuer ? self.readable.all(for: context.caller) : [target.store]
        let search = PriorsSearch(
            study: study,
            stores: stores,
            visibility: context.visibility(of: stores),
            listing: self.listing
        )
        let page = try await search.page(wish)
        return try await self.listing.answer(
            page,
            includesSeries: wish.includesSeries,
            to: request,
            parameters
        )
    }
}

/// The other studies of a study's patient, newest first.
///
/// The catalog compares without case and accents, which is too little for identifiers of people: what it finds is
/// compared again, exactly. The study itself is left out, and copies of it in other stores too.
struct PriorsSearch: Sendable {
    let study: CatalogStudy
    /// Where to look.
    let stores: [GatewayStore]
    /// What the caller may see there.
    let visibility: CatalogVisibility
    let listing: StudyListing

    /// How often the catalog is asked for one page, where much of what it finds is left out.
    private static let roundsMax = 8

    /// The page; it may be shorter than the limit and yet not the last.
    func page(_ wish: ListWish) async throws -> StudyListing.Page {
        let fingerprint = "priors\n\(self.study.store)\n\(self.study.study)"
        var after = try self.listing.position(wish.cursor, of: fingerprint)
        guard let conditions = self.conditions else { return await self.page([], next: nil, total: .exact(0)) }
        var found: [CatalogStudy] = []
        var total: StudyPage.Total?
        var isInexact = false
        for round in 0..<Self.roundsMax {
            var query = StudyQuery(
                stores: self.stores.map(\.name),
                visibility: self.visibility,
                conditions: conditions,
                limit: wish.limit - found.count,
                after: after
            )
            query.total = round == 0 ? wish.total : .none
            let page = try await self.listing.catalog.search(query)
            if round == 0 { total = page.total }
            let others = page.studies.filter { $0.study != self.study.study }
            let own = others.filter(self.isOfSamePatient)
            isInexact = isInexact || own.count < others.count
            found += own
            after = page.next
            guard after != nil, found.count < wish.limit else { break }
        }
        return await self.page(
            found,
            next: try self.listing.cursor(after, of: fingerprint),
            total: isInexact ? nil : try await self.withoutCopies(total, conditions)
        )
    }

    private func page(_ studies: [CatalogStudy], next: String?, total: StudyPage.Total?) async -> StudyListing.Page {
        StudyListing.Page(
            studies: studies,
            cursor: next,
            total: total,
            isComplete: await self.listing.isComplete(self.stores)
        )
    }

    /// Nil where the patient has no identifier: then nothing is known to be the same patient's.
    private var conditions: [StudyCondition]? {
        let attributes = self.study.attributes
        guard let id = attributes.text(.patientID) else { return nil }
        let issuer = attributes.text(.issuerOfPatientID)
        return [.anyOf(.patientID, [id])] + (issuer.map { [.anyOf(.issuerOfPatientID, [$0])] } ?? [])
    }

    private func isOfSamePatient(_ other: CatalogStudy) -> Bool {
        let (others, own) = (other.attributes, self.study.attributes)
        return [Tag.patientID, .issuerOfPatientID].allSatisfy { others.text($0) == own.text($0) }
    }

    /// The study itself and its copies are counted with the others: they are taken off.
    private func withoutCopies(
        _ total: StudyPage.Total?,
        _ conditions: [StudyCondition]
    ) async throws -> StudyPage.Total? {
        guard let total else { return nil }
        let copies = try await self.listing.catalog.search(
            StudyQuery(
                stores: self.stores.map(\.name),
                visibility: self.visibility,
                conditions: conditions + [.anyOf(.studyInstanceUID, [self.study.study.rawValue])],
                limit: self.stores.count
            )
        ).studies.count
        return switch total {
        case .exact(let count): .exact(max(count - copies, 0))
        case .atLeast(let count): .atLeast(max(count - copies, 0))
        }
    }
}
