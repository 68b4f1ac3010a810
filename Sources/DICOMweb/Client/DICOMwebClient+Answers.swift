import NIOCore

extension DICOMwebClient {
    /// Sends a request and turns every status but the accepted ones into an error.
    func call(_ request: RawRequest, accepting statuses: Set<Int> = [200]) async throws -> RawResponse {
        let response = try await self.exchange(request)
        guard statuses.contains(response.status) else { throw await Self.error(for: response) }
        return response
    }

    /// Reads a JSON answer as a list of data sets; no content is none.
    func dataSets(in response: RawResponse) async throws -> [DataSet] {
        guard response.status != 204 else { return [] }
        let bytes = try await self.json(in: response)
        // A proxy may turn "no content" into an empty body.
        guard !bytes.isEmpty else { return [] }
        do throws(DICOMJSONError) {
            return try DICOMJSON.dataSets(from: bytes, limits: self.configuration.jsonLimits)
        } catch {
            throw DICOMwebError(error)
        }
    }

    /// Reads the body of an answer that says it is JSON; a missing content type passes.
    func json(in response: RawResponse) async throws -> [UInt8] {
        if let text = response.headers["content-type"] {
            let essence = MediaType(parsing: text)?.essence
            guard essence == MediaType.dicomJSON.essence || essence == MediaType.json.essence else {
                throw DICOMwebError.invalidAnswer(.mediaType)
            }
        }
        let body = try await response.body.collect(upTo: self.configuration.jsonBytesMax)
        return Array(body.readableBytesView)
    }

    /// What the status of an answer means, its body looked at for a code.
    static func error(for response: RawResponse) async -> DICOMwebError {
        let code: RPCCode?
        do {
            let body = try await response.body.collect(upTo: ServerFault.bytesMax)
            code = ServerFault.code(in: Array(body.readableBytesView))
        } catch {
            code = nil
        }
        switch response.status {
        case 401: return .refused(.unauthenticated)
        case 403: return .refused(.forbidden)
        case 404, 410: return .notFound
        case 406: return .notAcceptable
        case 409, 412: return .conflict
        case 429: return .throttled(retryAfter: response.retryAfter)
        case 400..<500: return .badRequest(status: response.status, code: code)
        case 503: return .unavailable(retryAfter: response.retryAfter)
        case 500..<600: return .upstreamFault(status: response.status)
        default: return .invalidAnswer(.status)
        }
    }
}
