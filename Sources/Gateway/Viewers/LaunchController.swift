import AccessControl
import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// Opens studies in the viewer for other systems (IHE Invoke Image Display), which know a UID or an accession number.
///
/// It only ever leads to pages of this service, and nothing is guessed: what fits several patients is refused.
struct LaunchController: Sendable {
    let stores: StoreDirectory
    let catalog: StudyCatalog
    let gate: AccessGate
    let callers: OptionalCaller
    /// Whether a viewer is configured; without one our own page opens the study.
    let hasViewer: Bool

    /// How many studies are looked at to find those that are meant.
    private static let foundMax = 64

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/launch", handler: self.launch),
            Endpoint(open: .get, "/launch/here", handler: self.launchHere),
        ]
    }

    /// A browser sends our cookie with nothing that another site's page begins, links too: such a link is begun anew
    /// by a page of ours.
    @Sendable private func launch(_ request: Request, context: GatewayContext) async throws -> Response {
        let site = request.headers[.secFetchSite]
        let isFromElsewhere = site == "cross-site" || site == "same-site"
        if isFromElsewhere, Self.isNavigation(request), request.headers[values: .authorization].isEmpty {
            return LaunchPage.response
        }
        return try await self.launchHere(request, context: context)
    }

    @Sendable private func launchHere(_ request: Request, context: GatewayContext) async throws -> Response {
        guard let caller = try await self.callers.find(request, context: context) else {
            // The page says how to sign in.
            if Self.isNavigation(request) { return Self.redirect(to: "/app/") }
            throw CollimatorError(.unauthenticated, "a launch by nobody")
        }
        let wanted = try LaunchRequest(parsing: request.uri.query)
        let stores = try self.stores(of: wanted, for: caller)
        let found = try await self.find(wanted, in: stores, for: caller)
        return Self.redirect(to: try self.address(of: found))
    }

    /// Whether a person has gone there, and no script has asked.
    static func isNavigation(_ request: Request) -> Bool {
        request.headers[.secFetchMode] == "navigate" && request.headers[.secFetchDest] == "document"
    }

    private static func redirect(to path: String) -> Response {
        var headers = LaunchPage.headers
        headers[.location] = path
        return Response(status: .seeOther, headers: headers)
    }

    /// The stores that the caller may read, or the one of them that the request names.
    private func stores(of wanted: LaunchRequest, for caller: Caller) throws(CollimatorError) -> [StoreName] {
        let readable = self.stores.all.map(\.name).filter { name in
            !self.gate.judge.visibility(for: caller, of: name).isNothing
        }
        guard let name = wanted.store else { return readable }
        guard let store = readable.first(where: { $0.rawValue == name }) else { throw Self.unknown }
        return [store]
    }

    /// The studies that are meant, all of one patient and one store.
    private func find(
        _ wanted: LaunchRequest,
        in stores: [StoreName],
        for caller: Caller
    ) async throws -> [CatalogStudy] {
        try await self.refuseUnfinished(wanted, in: stores)
        var query = StudyQuery(
            stores: stores,
            visibility: self.gate.judge.visibility(for: caller, of: stores),
            conditions: wanted.conditions,
            limit: Self.foundMax
        )
        query.total = .none
        let page = try await self.catalog.search(query)
        guard page.next == nil else { throw Self.tooMany }
        var found = page.studies
        let missing = wanted.studies.filter { study in !found.contains { $0.study == study } }
        var failure: (any Error)?
        for store in stores {
            do {
                found += try await self.readThrough(missing, in: store, isOnly: stores.count == 1, for: caller)
            } catch {
                if error is CancellationError { throw error }
                // One of the others may have it.
                failure = error
            }
        }
        var seen: [CatalogStudy] = []
        for study in found where wanted.isMet(by: study) {
            if try await self.maySee(study.study, in: study.store, caller) { seen.append(study) }
        }
        found = seen
        guard !found.isEmpty, wanted.isAnswered(by: found) else {
            guard let failure else { throw Self.unknown }
            if stores.count == 1 { throw failure }
            throw Self.unanswered
        }
        guard found.count <= LaunchRequest.valuesMax else { throw Self.tooMany }
        guard Set(found.map(PatientIdentity.init)).count == 1 else { throw Self.severalPatients }
        guard Set(found.map(\.store)).count == 1 else { throw Self.severalStores }
        return found
    }

    /// Asks a store for studies that are not indexed: one that is still being indexed may have them, and in the only one
    /// that is meant they may have just come.
    private func readThrough(
        _ studies: [StudyUID],
        in store: StoreName,
        isOnly: Bool,
        for caller: Caller
    ) async throws -> [CatalogStudy] {
        guard !studies.isEmpty else { return [] }
        if !isOnly {
            guard let status = await self.catalog.status(of: store), !status.isComplete else { return [] }
        }
        var found: [CatalogStudy] = []
        for study in studies where try await self.maySee(study, in: store, caller) {
            if let known = try await self.catalog.study(study, in: store) { found.append(known) }
        }
        return found
    }

    /// Whether the caller may see any of the study.
    private func maySee(_ study: StudyUID, in store: StoreName, _ caller: Caller) async throws -> Bool {
        do {
            let resource = AccessResource.study(store, studyUID: study.rawValue)
            _ = try await self.gate.admit(caller, .dicomWebRead, on: resource, .permitted)
            return true
        } catch let error as CollimatorError where [.notFound, .forbidden].contains(error.code) {
            return false
        }
    }

    /// A number may belong to studies that have not been seen yet: until all have been, nobody can say whose it is.
    private func refuseUnfinished(_ wanted: LaunchRequest, in stores: [StoreName]) async throws {
        guard wanted.studies.isEmpty else { return }
        for store in stores where await self.catalog.status(of: store)?.phase == .backfilling {
            throw CollimatorError(
                .unavailable,
                "a launch by number over a store that is still being indexed",
                publicDetail: "A store is still being indexed. Name the study by studyUID, or ask again later.",
                retryAfterSeconds: 30
            )
        }
    }

    private func address(of found: [CatalogStudy]) throws(CollimatorError) -> String {
        guard let first = found.first else { throw Self.unknown }
        if self.hasViewer {
            let uids = found.map(\.study.rawValue).joined(separator: ",")
            return "/viewer/viewer/\(first.store)?StudyInstanceUIDs=\(uids)"
        }
        guard found.count == 1 else {
            throw CollimatorError(
                .conflict,
                "several studies fit, and no viewer is configured",
                publicDetail: "Several studies fit, and no viewer that opens several is configured. Name one of them."
            )
        }
        return "/app/#/studies/\(first.store)/\(first.study)"
    }
}

extension LaunchController {
    private static var unknown: CollimatorError {
        CollimatorError(.notFound, "a launch of a study that is not there, or not for this caller")
    }

    private static var unanswered: CollimatorError {
        CollimatorError(
            .unavailable,
            "a launch by UID over a store that is still being indexed and does not answer",
            publicDetail: "A store that is still being indexed does not answer. Name the store, or ask again later.",
            retryAfterSeconds: 30
        )
    }

    private static var tooMany: CollimatorError {
        CollimatorError(
            .unprocessable,
            "a launch fits too many studies",
            publicDetail: "More studies fit than can be opened at once. Name fewer."
        )
    }

    private static var severalPatients: CollimatorError {
        CollimatorError(
            .conflict,
            "a launch fits several patients",
            publicDetail:
                "The request fits studies of more than one patient. Name the patientID, the store or the study."
        )
    }

    private static var severalStores: CollimatorError {
        CollimatorError(
            .conflict,
            "a launch fits several stores",
            publicDetail: "The request fits studies in more than one store. Name the store."
        )
    }
}

extension LaunchRequest {
    /// What the catalog is asked; it compares without case and accents, so its answer is looked through again.
    fileprivate var conditions: [StudyCondition] {
        var conditions: [StudyCondition] = []
        if !self.studies.isEmpty { conditions.append(.anyOf(.studyInstanceUID, self.studies.map(\.rawValue))) }
        if !self.accessionNumbers.isEmpty { conditions.append(.anyOf(.accessionNumber, self.accessionNumbers)) }
        if let patient = self.patient { conditions.append(.anyOf(.patientID, [patient.id])) }
        return conditions
    }

    /// Whether a study is one of those that are meant, compared letter by letter.
    fileprivate func isMet(by study: CatalogStudy) -> Bool {
        let attributes = study.attributes
        func text(_ tag: Tag) -> String { trimmed(attributes.string(tag) ?? "") }
        return (self.studies.isEmpty || self.studies.contains(study.study))
            && (self.accessionNumbers.isEmpty || self.accessionNumbers.contains(text(.accessionNumber)))
            && self.patient.map { patient in
                text(.patientID) == patient.id && patient.issuer.map { $0 == text(.issuerOfPatientID) } ?? true
            } ?? true
    }

    /// Whether everything that was asked for is there: a part is not shown as the whole.
    fileprivate func isAnswered(by found: [CatalogStudy]) -> Bool {
        let numbers = Set(found.map { trimmed($0.attributes.string(.accessionNumber) ?? "") })
        return self.studies.allSatisfy { study in found.contains { $0.study == study } }
            && self.accessionNumbers.allSatisfy(numbers.contains)
    }
}

/// Who a patient is, as far as a study says: across stores an identifier means nothing without its issuer.
private struct PatientIdentity: Hashable {
    private let parts: [String]

    init(_ study: CatalogStudy) {
        let attributes = study.attributes
        let id = trimmed(attributes.string(.patientID) ?? "")
        let issuer = trimmed(attributes.string(.issuerOfPatientID) ?? "")
        if id.isEmpty {
            self.parts = [study.store.rawValue, study.study.rawValue]
        } else {
            self.parts = issuer.isEmpty ? [study.store.rawValue, "", id] : ["", issuer, id, ""]
        }
    }
}

/// The page that begins a launch anew; it holds nothing of the request.
enum LaunchPage {
    private static let script = #"location.replace("/launch/here" + location.search);"#

    private static let text = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Opening</title>
        <noscript>This needs JavaScript.</noscript><script>\(script)</script></html>
        """

    /// Pages elsewhere that opened this one learn nothing of where it leads.
    static let headers: HTTPFields = [
        .cacheControl: "no-store",
        .known("Cross-Origin-Opener-Policy"): "same-origin",
        .known("Referrer-Policy"): "no-referrer",
    ]

    static var response: Response {
        var headers = Self.headers
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'sha256-\(Self.digest)'; base-uri 'none'; frame-ancestors 'none'"
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: Self.text))
        )
    }

    /// The script's digest in base64, which policies are written in.
    private static let digest =
        Base64URL.encode(SHA256.hash(script.utf8)).replacing("-", with: "+").replacing("_", with: "/") + "="
}

extension HTTPField.Name {
    fileprivate static let secFetchMode = HTTPField.Name.known("Sec-Fetch-Mode")
    fileprivate static let secFetchDest = HTTPField.Name.known("Sec-Fetch-Dest")
}
