import CollimatorCore
import DICOMweb
import HTTPTypes
import NIOCore

/// The instances of a series as its store describes them, page by page.
struct InstanceSource: Sendable {
    let store: GatewayStore
    /// Our address of the store's DICOMweb root, which replaces the store's own.
    let root: String
    let search: QIDOSearch
    let limits: GatewayLimits

    /// How many are asked for at once.
    static let pageSize = 1_000
    /// The most bytes of one page.
    static let pageBytesMax = 64 * 1024 * 1024

    /// The instances; one more than `max` where there are more.
    func instances(at path: String, max: Int, for call: UpstreamCall) async throws -> [DataSet] {
        var found: [DataSet] = []
        var seen: Set<String> = []
        var offset = 0
        while found.count <= max {
            let size = min(Self.pageSize, max + 1 - found.count)
            let page = try await self.page(at: path, size: size, offset: offset, for: call)
            let new = page.filter { $0.string(.sopInstanceUID).map { seen.insert($0).inserted } ?? false }
            found += new
            offset += page.count
            if new.isEmpty || self.store.upstream.givesFullPages && page.count < size { break }
        }
        return found
    }

    private func page(at path: String, size: Int, offset: Int, for call: UpstreamCall) async throws -> [DataSet] {
        var upstream = UpstreamRequest(.get, path)
        let paging = [("limit", String(size)), ("offset", String(offset))]
        upstream.query = InstanceQuery.encoded(
            InstanceQuery.fields(of: self.search).map { ("includefield", $0) } + paging
        )
        upstream.headers[.accept] = "application/dicom+json"
        upstream.timeout = self.limits.smallAnswerTimeout
        let answer = try await self.store.upstream.exchange(upstream, call)
        // A series that is gone since has no instances.
        guard ![204, 404].contains(answer.status) else { return [] }
        try refuseFailure(answer, accepting: [200])
        try refuseStrangeMedia(answer, allowing: .dataSets)
        let collected = try await CollectedAnswer(answer, upTo: Self.pageBytesMax)
        var replacer = ByteReplacer(replacing: try await self.store.upstream.rootURL(), by: self.root)
        var text = replacer.append(ByteBuffer(bytes: collected.bytes))
        text.writeImmutableBuffer(replacer.finish())
        do {
            return try DICOMJSON.dataSets(from: Array(text.readableBytesView))
        } catch {
            throw CollimatorError(.upstreamInvalid, "upstream: a search was not answered in DICOM JSON", cause: error)
        }
    }
}
