internal import AsyncHTTPClient
internal import CollimatorCore
internal import Cryptography
internal import DICOMweb
internal import NIOCore
internal import NIOHTTP1

/// Sends administrative requests: small JSON both ways, bounded in time, size and number of tries.
struct AdministrationExchange: Sendable {
    /// The longest answer that is read, unless another limit is given.
    static let answerBytesMaxStandard = StrictJSON.textBytesMax

    let endpoint: ServiceAddress
    let authorization: @Sendable (_ refreshing: Bool) async throws -> String?
    let connections: UpstreamConnections
    let timing: CredentialTiming
    let policy: RequestPolicy
    /// The longest answer that is read; a longer one is `too-large`.
    var answerBytesMax = Self.answerBytesMaxStandard

    /// The resource of that name, or what a method says of it; nil where there is none.
    func find(_ name: String, verb: StaticString = "", absent: Int = 404) async throws -> StrictJSON? {
        try await self.send(.GET, "\(self.endpoint)/v1/\(ResourcePath.encoded(name))\(verb)", absent: absent)
    }

    /// Sets the policy of the resource of that name; nil where somebody else has changed it meanwhile.
    ///
    /// Sent twice it is refused the second time, its etag having been used up, and then it counts as changed by others:
    /// who reads it again finds the change there.
    func set(_ name: String, _ policy: IAMPolicy) async throws -> StrictJSON? {
        let address = "\(self.endpoint)/v1/\(ResourcePath.encoded(name)):setIamPolicy"
        return try await self.send(.POST, address, body: Array(#"{"policy":\#(policy.text)}"#.utf8), absent: 409)
    }

    /// Makes a resource with all its defaults; nil where it is there already.
    func create(_ parent: String, query: (name: String, value: String)) async throws -> StrictJSON? {
        let value = PercentEncoding.encode(query.value)
        let address = "\(self.endpoint)/v1/\(ResourcePath.encoded(parent))?\(query.name)=\(value)"
        // Sent twice it makes one resource: the second time it is there already.
        return try await self.send(.POST, address, absent: 409)
    }

    /// The JSON of the answer, or nil for the status `absent`.
    func send(
        _ method: HTTPMethod,
        _ address: String,
        body: [UInt8] = Array("{}".utf8),
        absent: Int? = nil
    ) async throws -> StrictJSON? {
        let answer: [UInt8]?
        do {
            answer = try await self.bytes(method, address, body: body, absent: absent)
        } catch let error as CollimatorError where error.code == .tooLarge {
            throw CollimatorError(.upstreamInvalid, "the upstream's answer is too long")
        }
        guard let answer else { return nil }
        guard let json = StrictJSON(parsing: answer) else {
            throw CollimatorError(.upstreamInvalid, "the upstream's answer is no JSON")
        }
        return json
    }

    /// The bytes of the answer, or nil for the status `absent`.
    func bytes(_ method: HTTPMethod, _ address: String, body: [UInt8], absent: Int? = nil) async throws -> [UInt8]? {
        var isRefused = false
        var attempt = 1
        while true {
            let authorization = try await self.authorization(isRefused)
            let answer = await self.attempt(method, address, authorization, body)
            switch answer {
            case .success(let status, let answer) where (200..<300).contains(status): return answer
            case .success(let status, _) where status == absent: return nil
            case .success(401, _) where !isRefused:
                // Our own token has expired or was revoked: once with a new one.
                isRefused = true
                continue
            case .success(let status, _):
                guard Self.isPassing(status), attempt < self.policy.attemptsMax else { throw Self.error(status) }
            case .failure(let error):
                guard !Task.isCancelled, error.code != .tooLarge, attempt < self.policy.attemptsMax else {
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

    private func attempt(
        _ method: HTTPMethod,
        _ address: String,
        _ authorization: String?,
        _ body: [UInt8]
    ) async -> Outcome {
        do {
            let outcome = try await withDeadline(self.policy.attemptDeadline) {
                try await self.execute(method, address, authorization, body)
            }
            return outcome ?? .failure(CollimatorError(.upstreamTimeout, "the upstream did not answer in time"))
        } catch is NIOTooManyBytesError {
            return .failure(CollimatorError(.tooLarge, "the upstream's answer is too long"))
        } catch let error as HTTPClientError where Self.deadlinesOfTheClient.contains(error) {
            return .failure(CollimatorError(.upstreamTimeout, "the upstream did not answer in time", cause: error))
        } catch {
            return .failure(CollimatorError(.unavailable, "the upstream cannot be reached", cause: error))
        }
    }

    private func execute(
        _ method: HTTPMethod,
        _ address: String,
        _ authorization: String?,
        _ body: [UInt8]
    ) async throws -> Outcome {
        var request = HTTPClientRequest(url: address)
        request.method = method
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        request.headers.add(name: "accept", value: "application/json")
        if method != .GET {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let timeout = TimeAmount(self.policy.attemptDeadline)
        let response = try await self.connections.httpClient.answer(to: request, timeout: timeout)
        let answer = try await response.body.collect(upTo: self.answerBytesMax)
        // A cancelled body ends early as if it were complete.
        try Task.checkCancellation()
        return .success(Int(response.status.code), Array(buffer: answer))
    }

    /// What the HTTP client throws when it sees the deadline of an attempt pass before we do.
    private static let deadlinesOfTheClient: [HTTPClientError] = [
        .deadlineExceeded, .readTimeout, .getConnectionFromPoolTimeout,
    ]

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
