import FoundationEssentials
import TestSupport
import Testing

@testable import collimator

@Suite("A gateway that refuses a file while it is still being sent", .timeLimit(.minutes(2)))
struct EarlyRefusalTests {
    /// More than what the buffers of both sockets hold.
    private static let bytes = 48 * 1024 * 1024

    /// Sends a file to a server by hand that answers when it has the head.
    private static func upload(answeredWith status: String, fields: String = "", detail: String) async throws
        -> SendResult
    {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/large.dcm"
        try Data(count: Self.bytes).write(to: URL(filePath: path))
        let body = #"{"type":"urn:x","title":"no","status":1,"code":"x","detail":"\#(detail)"}"#
        let answer = "HTTP/1.1 \(status)\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let listener = try RawListener()
        async let served: Void = blocking {
            let connection = try listener.accept()
            _ = try connection.receive(until: "\r\n\r\n")
            connection.send(answer)
            _ = try connection.receiveAll()
        }
        let access = GatewayAccess(url: "http://127.0.0.1:\(listener.port)", key: "key", store: "radiology")
        let target = UploadTarget.gateway(access, jobs: 1)
        let result: Result<SendResult, any Error>
        do {
            result = .success(try await target.destination.send(FileUpload(path: path, bytes: Int64(Self.bytes))))
        } catch {
            result = .failure(error)
        }
        try await target.close()
        try await served
        return try result.get()
    }

    @Test("is heard where it refuses the file for good")
    func tooLarge() async throws {
        let result = try await Self.upload(answeredWith: "413 Content Too Large", detail: "The file is too long.")
        #expect(result == .refused("The file is too long."))
    }

    @Test("is heard where it has no room now, with the time to wait")
    func busy() async throws {
        let failure = await #expect(throws: SendFailure.self) {
            try await Self.upload(
                answeredWith: "503 Service Unavailable",
                fields: "Retry-After: 7\r\n",
                detail: "Too many uploads."
            )
        }
        #expect(failure == SendFailure(reason: "Too many uploads.", isPassing: true, retryAfterSeconds: 7))
    }
}
