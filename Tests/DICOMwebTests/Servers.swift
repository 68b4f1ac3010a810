import AsyncHTTPClient
import DICOMweb
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Runs the work with a client of the server at the address.
func withDICOMwebClient<Result>(
    _ baseURL: String,
    _ configuration: DICOMwebConfiguration = DICOMwebConfiguration(),
    authorization: @escaping DICOMwebClient.Authorization = { _ in nil },
    _ work: (DICOMwebClient) async throws -> Result
) async throws -> Result {
    let httpClient = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: DICOMwebClient.transportConfiguration()
    )
    do {
        let client = try DICOMwebClient(
            baseURL: baseURL,
            httpClient: httpClient,
            configuration: configuration,
            authorization: authorization
        )
        let result = try await work(client)
        try await httpClient.shutdown()
        return result
    } catch {
        try await httpClient.shutdown()
        throw error
    }
}

/// Runs the work with the address of a server that answers every request with the closure.
func withServer(
    _ answer: @escaping @Sendable (Request) async throws -> Response,
    _ work: @Sendable (_ baseURL: String) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let app = Application(
        responder: CallbackResponder { (request: Request, _: BasicRequestContext) in try await answer(request) },
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        logger: logger
    )
    try await app.test(.live) { client in
        guard let port = client.port else { throw NoPort() }
        try await work("http://127.0.0.1:\(port)/dicomWeb")
    }
}

struct NoPort: Error {}

/// An answer with a text.
func answer(_ status: HTTPResponse.Status, _ type: String, _ body: String, _ headers: HTTPFields = [:]) -> Response {
    var fields = headers
    fields[.contentType] = type
    return Response(status: status, headers: fields, body: .init(byteBuffer: ByteBuffer(string: body)))
}

/// Something counted or collected from several tasks.
final class Recorder<Item: Sendable>: Sendable {
    private let recorded = Mutex<[Item]>([])

    var items: [Item] { self.recorded.withLock { $0 } }

    /// Adds an item and tells how many there are now.
    @discardableResult
    func record(_ item: Item) -> Int {
        self.recorded.withLock {
            $0.append(item)
            return $0.count
        }
    }
}

/// A configuration whose waits take no time and are recorded.
func impatient(_ waits: Recorder<Duration>, timeout: Duration = .seconds(20)) -> DICOMwebConfiguration {
    var configuration = DICOMwebConfiguration(timeout: timeout, transferTimeout: timeout)
    configuration.retry.random = { 0.5 }
    configuration.retry.sleep = { _ = waits.record($0) }
    return configuration
}
