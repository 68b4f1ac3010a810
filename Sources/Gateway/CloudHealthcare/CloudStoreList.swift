import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes

/// The stores of a dataset as the upstream lists them, read whole.
struct CloudStoreList: Sendable {
    let path: String
    let healthcare: HealthcareUpstream
    var kind = Kind.dicomStores

    /// The kinds of stores that a dataset can hold, by the names of their lists.
    enum Kind: String, Sendable, CaseIterable {
        case dicomStores
        case fhirStores
        case hl7V2Stores
        case consentStores
    }

    /// The most pages that are read, and the stores on each: small enough for the longest JSON that is read.
    static let pagesMax = 200
    static let pageSize = 50

    /// Every store that the upstream's own filter lets through.
    ///
    /// A kind that the upstream does not know has no stores; DICOM stores every upstream knows.
    func read(filter: String?, _ call: UpstreamCall) async throws -> [StrictJSON] {
        var stores: [StrictJSON] = []
        var token: String?
        for _ in 0..<Self.pagesMax {
            var query = "pageSize=\(Self.pageSize)"
            if let filter { query += "&\(filter)" }
            if let token { query += "&pageToken=\(PercentEncoding.encode(token))" }
            guard let page = try await self.page(query, call) else { return [] }
            stores += page[self.kind.rawValue]?.elements ?? []
            guard let next = page["nextPageToken"]?.text, !next.isEmpty else { return stores }
            token = next
        }
        throw CollimatorError(.upstreamInvalid, "upstream: more stores in a dataset than are read")
    }

    private func page(_ query: String, _ call: UpstreamCall) async throws -> StrictJSON? {
        let request = UpstreamRequest(.get, self.path, query: query, headers: [.accept: "application/json"])
        let answer = try await CollectedAnswer(try await self.healthcare.exchange(request, call))
        if [404, 501].contains(answer.status), self.kind != .dicomStores { return nil }
        try HealthcareUpstream.refuseCredentialFailure(answer.status)
        try refuseFailure(answer.response, accepting: [200])
        guard let json = answer.json else {
            throw CollimatorError(.upstreamInvalid, "upstream: the answer is no JSON")
        }
        return json
    }
}
