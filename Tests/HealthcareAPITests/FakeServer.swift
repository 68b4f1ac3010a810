import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization

/// A server on loopback that answers as the test says and remembers what it was asked.
final class FakeServer: Sendable {
    /// What the server was sent.
    struct Received: Sendable {
        let method: String
        let target: String
        let headers: HTTPFields
        let body: String

        /// The fields of the form; for these tests nothing in it is encoded but `:`, `/`, `@` and `+`.
        var form: [String: String] {
            var form: [String: String] = [:]
            for field in self.body.split(separator: "&") {
                let pair = field.split(separator: "=", maxSplits: 1)
                form[String(pair[0])] = pair.count == 2 ? pair[1].removingPercentEncoding ?? "" : ""
            }
            return form
        }
    }

    private let log = Mutex<[Received]>([])

    /// Everything so far, in order.
    var received: [Received] { self.log.withLock { $0 } }

    /// Runs the body while the server answers with `answer`, which is given the number of the request from 0.
    func run(
        answer: @escaping @Sendable (Int, Received) async throws -> Response,
        _ body: @escaping @Sendable (_ address: String) async throws -> Void
    ) async throws {
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            let buffer = try await request.body.collect(upTo: 1 << 20)
            let received = Received(
                method: request.method.rawValue,
                target: request.uri.string,
                headers: request.headers,
                body: String(buffer: buffer)
            )
            let number = self.log.withLock { log in
                log.append(received)
                return log.count - 1
            }
            return try await answer(number, received)
        }
        let application = Application(
            responder: responder,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        try await application.test(.live) { client in
            guard let port = client.port else { throw MissingPort() }
            try await body("http://127.0.0.1:\(port)")
        }
    }

    struct MissingPort: Error {}
}

extension Response {
    /// A JSON answer.
    static func json(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The answer of a token endpoint that grants.
    static func token(_ secret: String, expiresIn: Int = 3_599) -> Response {
        .json(#"{"access_token":"\#(secret)","expires_in":\#(expiresIn),"token_type":"Bearer"}"#)
    }
}

extension HTTPField.Name {
    /// The field that tells a metadata server.
    static let metadataFlavor = HTTPField.Name("Metadata-Flavor") ?? .accept
}
