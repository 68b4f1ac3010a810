import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird

extension DICOMwebController {
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
        if target.searchedStudy == nil || StoreContentType.isOfFiles(request.headers[.contentType]),
            let admission = context.admission(to: target.store.name)
        {
            return try await SingleStoring(limits: self.limits, catalog: self.catalog, changes: self.changes).answer(
                request,
                in: target.store,
                context,
                admission,
                to: target.searchedStudy,
                root: self.root(of: target.store, for: request)
            )
        }
        var headers = self.accept(request)
        headers[.contentType] = request.headers[.contentType]
        let head = UpstreamRequest(.post, path, headers: headers)
        let isWrapped = target.store.kind == .dicomweb && StoreContentType.isFile(request.headers[.contentType])
        let (upstream, call, limits) = (target.store.upstream, context.writing, self.limits)
        let body = try UploadBody(request, bytesMax: limits.storeBytesMax)
        let answer = try await self.catalog.storing(nil, in: target.store.name) {
            let answer = try await body.sending(buffering: limits.relayedBytesMax) { bytes in
                var request = head
                if isWrapped {
                    let part = SinglePart(bytes)
                    request.headers[.contentType] = part.contentType
                    request.body = UpstreamRequest.Body(bytes: part, length: part.length(ofFile: body.length))
                } else {
                    request.body = UpstreamRequest.Body(bytes: bytes, length: body.length)
                }
                let answer = try await upstream.exchange(request, call)
                let isOutcome = answer.headers[.contentType].map { $0.hasPrefix("application/dicom+") } ?? false
                try refuseFailure(answer, accepting: isOutcome ? [200, 202, 409] : [200])
                try refuseStrangeMedia(answer, allowing: .dataSets)
                return try await StoreAnswer.read(answer, limits: limits)
            }
            await context.noteStored(Array(answer.instances), in: target.store.name, self.catalog)
            return answer
        }
        for study in answer.studies {
            context.touched.stored(study)
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

    /// Where the store is for the caller.
    func root(of store: GatewayStore, for request: Request) -> String {
        "\(self.origin(of: request))/dicomweb/\(store.name)"
    }

    /// Where this service is for the caller: the configured address, else the one that the request was sent to.
    func origin(of request: Request) -> String {
        if let publicURL = self.publicURL { return publicURL }
        guard let authority = request.head.authority, (1...255).contains(authority.utf8.count),
            authority.utf8.allSatisfy(isAuthorityByte)
        else { return "" }
        return "\(self.isEncrypted ? "https" : "http")://\(authority)"
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
