import CollimatorCore
import HTTPTypes
import Hummingbird

extension DICOMwebController {
    /// A search: the query reduced to what DICOM knows.
    func search(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        let query = try QIDOQuery(parsing: request.uri.query)
        let upstream = UpstreamRequest(.get, path, query: query.text, headers: self.accept(request))
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        try refuseFailure(answer, accepting: [200, 204])
        var response = passThrough(answer, rewriting: try await self.rewrite(answer, target: target, request: request))
        if query.isReduced {
            let text = #"299 collimator "Parameters that are no DICOM attributes were ignored""#
            response.headers.append(HTTPField(name: .warning, value: text))
        }
        return response
    }

    /// A retrieval: no query, and the media types that the caller accepts.
    func retrieve(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        let upstream = UpstreamRequest(.get, path, headers: self.accept(request))
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        try refuseFailure(answer, accepting: [200])
        return passThrough(answer, rewriting: try await self.rewrite(answer, target: target, request: request))
    }

    /// A rendition: the only parameter is `viewport`, as the upstream has it.
    func rendition(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseUnknown(
            known: ["viewport"],
            detail: "The request has an unknown parameter. Known is viewport."
        )
        let query = try parameters.single("viewport").map { text throws(CollimatorError) in
            guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2C })
            else {
                throw CollimatorError(
                    .invalidInput,
                    "the viewport is no pair of numbers",
                    publicDetail: "The viewport is a width and a height in pixels, such as 512,512."
                )
            }
            return "viewport=\(text)"
        }
        let upstream = UpstreamRequest(.get, path, query: query, headers: self.accept(request))
        let answer = try await target.store.upstream.exchange(upstream, context.reading)
        try refuseFailure(answer, accepting: [200])
        var response = passThrough(answer)
        response.headers[renditionHeader] = "preview"
        return response
    }

    /// Storing: the body goes up as it comes; 409 carries the outcome of each instance and is handed on.
    ///
    /// The answer is looked at for the studies that have changed, and may come before the body has been sent.
    func store(
        _ path: String,
        in target: some StoreBoundTarget,
        request: Request,
        context: CallerContext
    ) async throws -> Response {
        try StoreContentType.check(request.headers[.contentType])
        var headers = self.accept(request)
        headers[.contentType] = request.headers[.contentType]
        let head = UpstreamRequest(.post, path, headers: headers)
        let (upstream, call, limits) = (target.store.upstream, context.writing, self.limits)
        let body = try UploadBody(request, bytesMax: limits.storeBytesMax)
        let answer = try await body.sending(buffering: limits.relayedBytesMax) { bytes in
            var request = head
            request.body = UpstreamRequest.Body(bytes: bytes, length: body.length)
            let answer = try await upstream.exchange(request, call)
            let isOutcome = answer.headers[.contentType].map { $0.hasPrefix("application/dicom+") } ?? false
            try refuseFailure(answer, accepting: isOutcome ? [200, 202, 409] : [200])
            return try await StoreAnswer.read(answer, limits: limits)
        }
        for study in answer.studies {
            await self.changes.report(StudyChange(.stored, of: study, in: target.store.name))
        }
        let rewrite = try await self.rewrite(answer.response, target: target, request: request)
        return passThrough(answer.response, rewriting: rewrite)
    }

    private func accept(_ request: Request) -> HTTPFields {
        var headers = HTTPFields()
        headers[.accept] = request.headers[.accept]
        return headers
    }

    /// The rewriting of the upstream's root to ours, for the media types that carry URLs.
    private func rewrite(
        _ answer: UpstreamResponse,
        target: some StoreBoundTarget,
        request: Request
    ) async throws -> ByteReplacer? {
        guard let type = answer.headers[.contentType]?.lowercased(),
            type.contains("application/dicom+json") || type.contains("application/dicom+xml")
        else { return nil }
        let root = try await target.store.upstream.rootURL()
        return ByteReplacer(replacing: root, by: "\(self.origin(of: request))/dicomweb/\(target.store.name)")
    }

    /// Where this service is for the caller: the configured address, else the one that the request was sent to.
    func origin(of request: Request) -> String {
        if let publicURL = self.publicURL { return publicURL }
        guard let authority = request.head.authority, (1...255).contains(authority.utf8.count),
            authority.utf8.allSatisfy(isAuthorityByte)
        else { return "" }
        return "http://\(authority)"
    }
}

/// Letters, digits and the few signs of a host and a port; a header with anything else is not repeated.
private func isAuthorityByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
        UInt8(ascii: "["), UInt8(ascii: "]"):
        true
    default: false
    }
}
