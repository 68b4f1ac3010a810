import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1

extension DICOMwebClient {
    /// Sends a request and gives the answer, whatever its status, with both bodies streamed.
    ///
    /// A 401 is answered once by asking for a fresh credential, and by another attempt where the body can be sent again.
    /// Other statuses are given as they are after the retries that the request allows.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer, its body still to be read.
    /// - Throws: ``DICOMwebError``, `CancellationError`, or what the body's own stream or the credential's source threw.
    public func exchange(_ request: RawRequest) async throws -> RawResponse {
        guard let url = self.server.appending(request.target) else { throw DICOMwebError.invalidRequest }
        return try await self.exchange(request, url: url)
    }

    func exchange(_ request: RawRequest, url: String) async throws -> RawResponse {
        let deadline = ContinuousClock.now + (request.timeout ?? self.configuration.transferTimeout)
        let isReplayable = request.body?.isReplayable ?? true
        var hasRefreshed = false
        var isRefused = false
        var attempt = 1
        self.budget.deposit()
        while true {
            try Task.checkCancellation()
            let progress = SendProgress()
            let call = Call(request: request, url: url, deadline: deadline, progress: progress)
            do {
                let response = try await self.attempt(call, isRefused: isRefused)
                if response.status == 401, !hasRefreshed, call.isAuthorized {
                    hasRefreshed = true
                    guard isReplayable else {
                        await self.renewCredential()
                        return response
                    }
                    isRefused = true
                    await response.body.discard()
                    continue
                }
                guard request.retry == .always, isReplayable, Self.isPassing(response.status),
                    let wait = self.wait(afterAttempt: attempt, response.retryAfter, deadline)
                else { return response }
                await response.body.discard()
                try await self.pause(wait, attempt: attempt, status: response.status)
            } catch let failure as AttemptFailure {
                let mayRepeat =
                    switch request.retry {
                    case .never: false
                    case .whenUnsent: failure.isUnsent
                    case .always: failure.isUnsent || isReplayable && failure.isPassing
                    }
                guard mayRepeat, let wait = self.wait(afterAttempt: attempt, nil, deadline) else {
                    throw failure.error
                }
                try await self.pause(wait, attempt: attempt, status: nil)
            }
            attempt += 1
            isRefused = false
        }
    }

    /// Says that the credential was refused where this call cannot make use of a fresh one, so that the next call does.
    private func renewCredential() async {
        do {
            _ = try await self.authorization(true)
        } catch {
            // The answer at hand is a refusal already; whoever needs the credential next meets this failure again.
            self.configuration.logger.debug("no fresh credential")
        }
    }

    /// One request of the several that a call may become.
    private final class Call {
        let request: RawRequest
        let url: String
        let deadline: ContinuousClock.Instant
        let progress: SendProgress
        /// Whether a credential was sent: only then a fresh one can help.
        var isAuthorized = false

        init(request: RawRequest, url: String, deadline: ContinuousClock.Instant, progress: SendProgress) {
            self.request = request
            self.url = url
            self.deadline = deadline
            self.progress = progress
        }
    }

    /// Why an attempt gave no answer, and whether the server can have seen it.
    private struct AttemptFailure: Error {
        let error: any Error
        let isUnsent: Bool
        var isPassing: Bool { (self.error as? DICOMwebError) == .transport }
    }

    private func attempt(_ call: Call, isRefused: Bool) async throws -> RawResponse {
        var outgoing = HTTPClientRequest(url: call.url)
        outgoing.method = HTTPMethod(rawValue: call.request.method)
        for field in call.request.headers.fields where !Self.ownFields.contains(field.name.lowercased()) {
            outgoing.headers.add(name: field.name, value: field.value)
        }
        if let credential = try await self.authorization(isRefused) {
            outgoing.headers.add(name: "Authorization", value: credential)
            call.isAuthorized = true
        }
        if let body = call.request.body {
            let (length, open) = try await body.open()
            outgoing.body = .stream(
                SentBody(open: open, progress: call.progress),
                length: length.map { .known($0) } ?? .unknown
            )
        }
        let left = call.deadline - .now
        guard left > .zero else { throw DICOMwebError.timeout }
        do {
            let response = try await self.httpClient.answer(to: outgoing, timeout: TimeAmount(left))
            return RawResponse(
                status: Int(response.status.code),
                headers: HeaderFields(response.headers),
                body: ResponseBody(response.body, deadline: call.deadline)
            )
        } catch {
            let isUnsent = !call.progress.hasBegun && TransportFailure.isUnsent(error)
            throw AttemptFailure(error: TransportFailure.translate(error), isUnsent: isUnsent)
        }
    }

    /// How long to wait for another attempt; nothing where there is none left, in number, in budget or in time.
    private func wait(
        afterAttempt attempt: Int,
        _ retryAfter: Duration?,
        _ deadline: ContinuousClock.Instant
    ) -> Duration? {
        guard let wait = self.configuration.retry.wait(afterAttempt: attempt, retryAfter: retryAfter),
            ContinuousClock.now + wait < deadline, self.budget.withdraw()
        else { return nil }
        return wait
    }

    private func pause(_ wait: Duration, attempt: Int, status: Int?) async throws {
        self.configuration.logger.debug(
            "trying again",
            metadata: ["attempt": "\(attempt + 1)", "http.response.status_code": "\(status ?? 0)"]
        )
        try await self.configuration.retry.sleep(wait)
    }

    /// Statuses that another attempt may not meet.
    private static func isPassing(_ status: Int) -> Bool {
        [429, 502, 503, 504].contains(status)
    }

    /// Fields that the client sets itself, and those that concern one connection (RFC 9110 §7.6.1).
    private static let ownFields: Set<String> = [
        "host", "content-length", "transfer-encoding", "authorization", "connection", "keep-alive", "te", "trailer",
        "upgrade", "proxy-connection",
    ]
}

extension HeaderFields {
    init(_ headers: HTTPHeaders) {
        self.init()
        for (name, value) in headers { self.append(name, value) }
    }
}
