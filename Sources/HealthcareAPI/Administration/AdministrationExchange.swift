internal import AsyncHTTPClient
internal import CollimatorCore
internal import Cryptography
internal import DICOMweb
internal import NIOCore
internal import NIOHTTP1

/// Sends administrative requests: small JSON both ways, bounded in time, size and number of tries.
struct AdministrationExchange: Sendable {
    /// The longest answer that is read.
    static let answerBytesMax = 256 * 1024

    let endpoint: ServiceAddress
    let tokens: AccessTokenSource
    let connections: UpstreamConnections
    let timing: CredentialTiming
    let policy: RequestPolicy

    /// The resource of that name; nil where there is none.
    func find(_ name: String) async throws -> StrictJSON? {
        try await self.send(.GET, "\(self.endpoint)/v1/\(ResourcePath.encoded(name))", absent: 404)
    }

    /// Makes a resource with all its defaults; nil where it is there already.
    func create(_ parent: String, query: (name: String, value: String)) async throws -> StrictJSON? {
        let value = PercentEncoding.encode(query.value)
        let address = "\(self.endpoint)/v1/\(ResourcePath.encoded(parent))?\(query.name)=\(value)"
        // Sent twice it makes one resource: the second time it is there already.
        return try await self.send(.POST, address, absent: 409)
    }

    /// The JSON of the answer, or nil for the status `absent`.
    private func send(_ method: HTTPMethod, _ address: String, absent: Int) async throws -> StrictJSON? {
        var isRefused = false
        var attempt = 1
        while true {
            let token = try await self.tokens.token(isRefused)
            let answer = await self.attempt(method, address, token)
            switch answer {
            case .success(let status, let body) where (200..<300).contains(status):
                guard let json = StrictJSON(parsing: body) else {
                    throw CollimatorError(.upstreamInvalid, "the upstream's answer is no JSON")
                }
                return json
            case .success(absent, _): return nil
            case .success(401, _) where !isRefused:
                // Our own token has expired or was revoked: once with a new one.
                isRefused = true
                continue
            case .success(let status, _):
                guard Self.isPassing(status), attempt < self.policy.attemptsMax else { throw Self.error(status) }
            case .failure(let error):
                guard !Task.isCancelled, error.code != .upstreamInvalid, attempt < self.policy.attemptsMax else {
                    throw error
                }
            }
            let jitter = self.timing.jitter()
            try await self.timing.sleep(
                self.policy.delay(afterAttempt: attempt, jitter: jitter, retryAfter: nil)
            )
            attempt += 1
        }
    }

    private enum Outcome: Sendable {
        case success(Int, [UInt8])
        case failure(CollimatorError)
    }

    private func attempt(_ method: HTTPMethod, _ address: String, _ token: AccessToken) async -> Outcome {
        do {
            let outcome = try await withDeadline(self.policy.attemptDeadline) {
                try await self.execute(method, address, token)
            }
            return outcome ?? .failure(CollimatorError(.upstreamTimeout, "the upstream did not answer in time"))
        } catch is NIOTooManyBytesError {
            return .failure(CollimatorError(.upstreamInvalid, "the upstream's answer is too long"))
        } catch {
            return .failure(CollimatorError(.unavailable, "the upstream cannot be reached", cause: error))
        }
    }

    private func execute(_ method: HTTPMethod, _ address: String, _ token: AccessToken) async throws -> Outcome {
        var request = HTTPClientRequest(url: address)
        request.method = method
        request.headers.add(name: "authorization", value: token.authorization)
        request.headers.add(name: "accept", value: "application/json")
        if method == .POST {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: "{}"))
        }
        let timeout = TimeAmount(self.policy.attemptDeadline)
        let response = try await self.connections.httpClient.answer(to: request, timeout: timeout)
        let body = try await response.body.collect(upTo: Self.answerBytesMax)
        // A cancelled body ends early as if it were complete.
        try Task.checkCancellation()
        return .success(Int(response.status.code), Array(buffer: body))
    }

    private static func isPassing(_ status: Int) -> Bool {
        [408, 429, 500, 502, 503, 504].contains(status)
    }

    private static func error(_ status: Int) -> CollimatorError {
        switch status {
        case 400: CollimatorError(.upstreamInvalid, "the upstream refused the request")
        case 401: CollimatorError(.upstreamInvalid, "the upstream refused our credential")
        case 403: CollimatorError(.upstreamInvalid, "the upstream does not let our service account do this")
        case 404: CollimatorError(.notFound, "the upstream has no such resource")
        case 409: CollimatorError(.conflict, "the upstream has a conflicting resource")
        case 408, 504: CollimatorError(.upstreamTimeout, "the upstream did not answer in time")
        case 429, 503: CollimatorError(.unavailable, "the upstream is overloaded")
        default: CollimatorError(.upstreamInvalid, "the upstream failed")
        }
    }
}
