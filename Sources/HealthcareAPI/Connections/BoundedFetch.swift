internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Asks servers of others for small documents: bounded in time and size, never redirected, sent once.
package struct BoundedFetch: Sendable {
    /// Why there is no document.
    package enum Failure: String, Error, Sendable {
        case timedOut = "no answer in time"
        case tooLarge = "the answer is too long"
        case refused = "the answer is not 200"
    }

    /// An answer that came whole.
    package struct Answer: Sendable {
        package let status: Int
        package let body: [UInt8]
    }

    private let connections: UpstreamConnections
    private let bytesMax: Int
    private let deadline: Duration

    package init(connections: UpstreamConnections, bytesMax: Int, deadline: Duration) {
        self.connections = connections
        self.bytesMax = bytesMax
        self.deadline = deadline
    }

    /// The body of a 200.
    package func document(_ address: String) async throws -> [UInt8] {
        let answer = try await self.answer(HTTPClientRequest(url: address))
        guard answer.status == 200 else { throw Failure.refused }
        return answer.body
    }

    /// The answer to a form, whatever its status; what is sent stands in the body, where no log has it.
    package func answer(
        to form: String,
        at address: String,
        authorization: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        request.body = .bytes(ByteBuffer(string: form))
        return try await self.answer(request)
    }

    private func answer(_ request: HTTPClientRequest) async throws -> Answer {
        var request = request
        request.headers.add(name: "accept", value: "application/json")
        let message = request
        let answer = try await withDeadline(self.deadline) { try await self.send(message) }
        guard let answer else { throw Failure.timedOut }
        return answer
    }

    private func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await self.connections.httpClient.execute(request, timeout: TimeAmount(self.deadline))
        do {
            let body = Array(buffer: try await response.body.collect(upTo: self.bytesMax))
            // A cancelled body ends early as if it were complete.
            try Task.checkCancellation()
            return Answer(status: Int(response.status.code), body: body)
        } catch is NIOTooManyBytesError {
            throw Failure.tooLarge
        }
    }
}
