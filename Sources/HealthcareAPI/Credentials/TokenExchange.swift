internal import AsyncHTTPClient
internal import DICOMweb
internal import NIOCore
internal import NIOHTTP1

/// Sends requests to a token endpoint: bounded in time, size and number of tries.
struct TokenExchange: Sendable {
    /// The longest answer that is read.
    static let answerBytesMax = 64 * 1024

    let connections: UpstreamConnections
    let timing: CredentialTiming
    let policy: RequestPolicy

    /// Asks for a token until one comes, a failure is final or the tries are used up.
    ///
    /// `makeRequest` is called for each try: an assertion says when it was made.
    func token(
        _ makeRequest: @Sendable () throws(CredentialError) -> TokenRequest
    ) async throws(CredentialError) -> AccessToken {
        var attempt = 1
        while true {
            let askedAt = self.timing.now()
            let answer = await self.attempt(try makeRequest())
            let error: CredentialError
            switch answer.result {
            case .success(let body): return try TokenAnswer.token(from: body, askedAt: askedAt)
            case .failure(let failure): error = failure
            }
            guard error.isTransient, attempt < self.policy.attemptsMax else { throw error }
            let delay = self.policy.delay(
                afterAttempt: attempt,
                jitter: self.timing.jitter(),
                retryAfter: answer.retryAfter
            )
            do {
                try await self.timing.sleep(delay)
            } catch {
                throw CredentialError(.cancelled)
            }
            attempt += 1
        }
    }

    private struct Answer: Sendable {
        var result: Result<[UInt8], CredentialError>
        var retryAfter: Duration?
    }

    private func attempt(_ request: TokenRequest) async -> Answer {
        do {
            let answer = try await withDeadline(self.policy.attemptDeadline) { try await self.send(request) }
            return answer ?? Answer(result: .failure(CredentialError(.timedOut)))
        } catch let error as CredentialError {
            return Answer(result: .failure(error))
        } catch is CancellationError {
            return Answer(result: .failure(CredentialError(.cancelled)))
        } catch {
            return Answer(result: .failure(CredentialError(Task.isCancelled ? .cancelled : .unreachable)))
        }
    }

    private func send(_ request: TokenRequest) async throws -> Answer {
        var message = HTTPClientRequest(url: request.address)
        message.headers.add(name: "accept", value: "application/json")
        for field in request.headers { message.headers.add(name: field.name, value: field.value) }
        if let form = request.formText {
            message.method = .POST
            message.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
            message.body = .bytes(ByteBuffer(string: form))
        }
        let timeout = TimeAmount(self.policy.attemptDeadline)
        let response = try await self.connections.httpClient.answer(to: message, timeout: timeout)
        let body: [UInt8]
        do {
            body = Array(buffer: try await response.body.collect(upTo: Self.answerBytesMax))
        } catch is NIOTooManyBytesError {
            throw CredentialError(.answerTooLarge, status: Int(response.status.code))
        }
        // A cancelled body ends early as if it were complete.
        try Task.checkCancellation()
        guard response.status == .ok else {
            let error = TokenAnswer.error(status: Int(response.status.code), body: body)
            return Answer(result: .failure(error), retryAfter: Self.retryAfter(response.headers))
        }
        if let expected = request.answerHeader, response.headers.first(name: expected.name) != expected.value {
            throw CredentialError(.invalidAnswer)
        }
        return Answer(result: .success(body))
    }

    /// The wait that `Retry-After` asks for in seconds; its other form, a date, is not used by these servers.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "retry-after"), let seconds = UInt32(text) else { return nil }
        return .seconds(seconds)
    }
}
