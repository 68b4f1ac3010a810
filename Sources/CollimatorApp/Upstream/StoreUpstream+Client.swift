import CollimatorCore
import DICOMweb
import Gateway
import HTTPTypes
import NIOCore

extension StoreUpstream {
    /// A store that a DICOMweb client reaches, with one credential for all tiers.
    ///
    /// `client` is asked at each call: in local mode the emulator's port is known only once it listens.
    /// `isHealthcareAPI` says that the server takes a file as the whole body and gives full pages.
    static func client(
        isHealthcareAPI: Bool,
        _ client: @escaping @Sendable () async throws -> DICOMwebClient
    ) -> StoreUpstream {
        var upstream = StoreUpstream(
            search: { search, _ in
                try await client().search(search)
            },
            store: { upload, _ in
                try await client().store(upload, takesSingleParts: isHealthcareAPI)
            },
            exchange: { request, _ in
                try await client().pass(request)
            },
            rootURL: {
                try await client().baseURL
            }
        )
        upstream.givesFullPages = isHealthcareAPI
        return upstream
    }
}

extension DICOMwebClient {
    fileprivate func search(_ search: UpstreamSearch) async throws -> [DataSet] {
        var query = SearchQuery().limited(to: search.limit, from: search.offset == 0 ? nil : search.offset)
        for match in search.matches { query = query.matching(match.tag, match.value) }
        if search.isFuzzy { query = query.fuzzy() }
        if search.includesAllFields {
            query = query.including(.all)
        } else if !search.includedFields.isEmpty {
            query = query.including(.fields(search.includedFields))
        }
        return switch search.scope {
        case .studies: try await self.searchStudies(query)
        case .series(let study): try await self.searchSeries(of: study, query)
        case .allSeries: try await self.searchSeries(query)
        case .instances(let study): try await self.searchInstances(of: .study(study), query)
        case .allInstances: try await self.searchInstances(query)
        }
    }

    fileprivate func store(_ upload: UpstreamUpload, takesSingleParts: Bool) async throws -> StoreReceipt {
        let body = RequestBody.passing(upload.bytes, length: upload.length)
        let options = StoreOptions(study: upload.study)
        let result =
            takesSingleParts
            ? try await self.storeSinglePart(body, options) : try await self.store([StoreItem(body)], options)
        if let stored = result.stored.first, result.isComplete {
            // A receipt without the instance is none: nobody could say what was stored.
            guard stored.instance != nil else { throw DICOMwebError.invalidAnswer(.json) }
            return .stored(
                StoredReference(
                    sopClassUID: stored.sopClassUID,
                    instance: stored.instance,
                    retrieveURL: stored.retrieveURL
                )
            )
        }
        guard let failed = result.failed.first else { throw DICOMwebError.invalidAnswer(.json) }
        // The Healthcare API gives one reason for everything and tells the kinds apart in its own words only.
        return failed.detail?.contains("already exists") ?? false ? .conflicting : .refused
    }

    func pass(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        var headers = HeaderFields()
        for field in request.headers { headers.append(field.name.canonicalName, field.value) }
        let target = "/\(request.path)" + (request.query.map { "?\($0)" } ?? "")
        var raw = RawRequest(request.method.rawValue, target, headers: headers)
        raw.body = request.body.map { RequestBody.passing($0.bytes, length: $0.length) }
        raw.timeout = request.timeout
        raw.retry = request.method == .get ? .always : .whenUnsent
        let response = try await self.exchange(raw)
        var fields = HTTPFields()
        for field in response.headers.fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            fields.append(HTTPField(name: name, value: field.value))
        }
        return UpstreamResponse(status: response.status, headers: fields, body: PassedBytes(base: response.body))
    }
}

extension RequestBody {
    /// A body that comes from elsewhere and can be sent once.
    fileprivate static func passing(_ bytes: ByteStream, length: Int?) -> RequestBody {
        .stream(OpenedBytes(base: bytes), length: length.map(Int64.init))
    }
}

/// A stream of unnamed type as one of a named type.
private struct OpenedBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: ByteStream

    func makeAsyncIterator() -> Iterator { Iterator(base: self.base.makeAsyncIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        var base: any AsyncIteratorProtocol<ByteBuffer, any Error>

        mutating func next() async throws -> ByteBuffer? {
            try await self.base.next(isolation: nil)
        }
    }
}

/// The client's body with the failure type spelled out.
private struct PassedBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: DICOMweb.ResponseBody

    func makeAsyncIterator() -> Iterator { Iterator(base: self.base.makeAsyncIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        var base: DICOMweb.ResponseBody.AsyncIterator

        mutating func next() async throws -> ByteBuffer? {
            try await self.base.next()
        }
    }
}
