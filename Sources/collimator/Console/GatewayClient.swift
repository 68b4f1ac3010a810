import AsyncHTTPClient
import DICOMweb
import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Calls to a gateway, with failures in words.
struct GatewayClient: Sendable {
    let access: GatewayAccess
    let httpClient: HTTPClient

    /// The longest answer that is read as a whole.
    static let answerBytesMax = 256 * 1024 * 1024
    private static let timeout = TimeAmount.seconds(60)
    private static let uploadTimeout = TimeAmount.seconds(3600)

    /// A GET; gives the body of a 200, and throws ``CommandFailure`` in words for anything else.
    func get(_ url: String, accept: String = "application/json") async throws -> ByteBuffer {
        try await self.call(.GET, url, accept: accept)
    }

    /// A request, with JSON as its body where there is one; gives the body of a success, and throws ``CommandFailure``
    /// in words else.
    func call(
        _ method: HTTPMethod,
        _ url: String,
        accept: String = "application/json",
        json: Data? = nil,
        ifMatch: String? = nil
    ) async throws -> ByteBuffer {
        let condition = ifMatch.map { (name: "If-Match", value: $0) }
        let answer = try await self.answer(method, url, accept: accept, json: json, condition: condition)
        switch answer.status {
        case 200, 201, 202: return answer.body
        case 204: return ByteBuffer()
        default: throw self.failure(status: answer.status, body: answer.body)
        }
    }

    /// An answer as it came.
    struct Answer: Sendable {
        let status: Int
        let entityTag: String?
        let body: ByteBuffer
    }

    /// A request; gives the answer whatever its status, and throws ``CommandFailure`` where there is none.
    func answer(
        _ method: HTTPMethod,
        _ url: String,
        accept: String = "application/json",
        json: Data? = nil,
        condition: (name: String, value: String)? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(self.access.key)")
        request.headers.add(name: "Accept", value: accept)
        if let condition { request.headers.add(name: condition.name, value: condition.value) }
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(json)
        }
        let response: HTTPClientResponse
        let body: ByteBuffer
        do {
            response = try await self.httpClient.answer(to: request, timeout: Self.timeout)
            body = try await response.body.collect(upTo: Self.answerBytesMax)
        } catch {
            throw self.unreachable
        }
        return Answer(
            status: Int(response.status.code),
            entityTag: response.headers.first(name: "ETag"),
            body: body
        )
    }

    /// Calls the body with a client for the gateway, which it may use until it returns.
    static func with(_ access: GatewayAccess, _ body: (GatewayClient) async throws -> Void) async throws {
        let httpClient = HTTPClient(configuration: DICOMTransport.configuration())
        do {
            try await body(GatewayClient(access: access, httpClient: httpClient))
        } catch {
            try await httpClient.shutdown()
            throw error
        }
        try await httpClient.shutdown()
    }

    /// Uploads one file; a refusal counts although it comes while the file is still being sent.
    func upload(_ file: FileUpload) async throws -> SendResult {
        try await file.withChunks { chunks in
            var request = HTTPClientRequest(url: "\(self.access.api)/studies")
            request.method = .POST
            request.headers.add(name: "Authorization", value: "Bearer \(self.access.key)")
            request.headers.add(name: "Content-Type", value: "application/dicom")
            request.body = .stream(chunks, length: .known(file.bytes))
            let response: HTTPClientResponse
            let body: ByteBuffer
            do {
                response = try await self.httpClient.answer(to: request, timeout: Self.uploadTimeout)
                body = try await response.body.collect(upTo: Self.answerBytesMax)
            } catch {
                throw SendFailure(reason: "the connection to the gateway broke", isPassing: true)
            }
            switch response.status.code {
            case 201: return .stored
            case 200: return .alreadyThere
            case 400, 409, 413, 415, 422:
                if let refusal = UploadAnswer.refusal(body.readableBytesView) { return refusal }
                return .refused(Self.detail(body) ?? "the gateway refused it")
            case 429, 502, 503, 504:
                throw SendFailure(
                    reason: Self.detail(body) ?? "the archive is busy",
                    isPassing: true,
                    retryAfterSeconds: response.headers.first(name: "Retry-After").flatMap { Int($0) }
                )
            default:
                throw SendFailure(reason: Self.detail(body) ?? "status \(response.status.code)", isPassing: false)
            }
        }
    }

    /// The instances of a study that are there.
    func instances(of study: StudyUID) async throws -> Set<String> {
        var found: Set<String> = []
        while true {
            let body = try await self.get(
                "\(self.access.dicomweb)/studies/\(study)/instances?limit=\(Self.pageSize)&offset=\(found.count)",
                accept: "application/dicom+json"
            )
            guard body.readableBytes > 0 else { return found }
            let page = try DICOMJSON.dataSets(from: Array(body.readableBytesView))
            found.formUnion(page.compactMap { $0.string(.sopInstanceUID) })
            if page.count < Self.pageSize { return found }
        }
    }

    /// Reads the JSON of an answer.
    static func decode<Value: Decodable>(_ type: Value.Type, _ body: ByteBuffer) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw CommandFailure.notDone("The gateway's answer cannot be read; is it a Collimator?")
        }
    }

    private static let pageSize = 5000

    private var unreachable: CommandFailure {
        CommandFailure.notDone(
            "There is no gateway at \(self.access.url).",
            remedy: "Start one with `collimator serve`, or say where it is with --url."
        )
    }

    func failure(status: Int, body: ByteBuffer) -> CommandFailure {
        switch status {
        case 401:
            CommandFailure.notDone(
                "The gateway at \(self.access.url) does not accept the key.",
                remedy: "Give the right one with --key or COLLIMATOR_KEY."
            )
        case 404: CommandFailure.notDone("The gateway has no such store or study.")
        default: CommandFailure.notDone(Self.detail(body) ?? "The gateway answered with status \(status).")
        }
    }

    /// The words of a problem document, with every fault that it lists on a line of its own.
    static func detail(_ body: ByteBuffer) -> String? {
        struct Problem: Decodable {
            let title: String
            let detail: String?
            let errors: [Fault]?
        }
        struct Fault: Decodable {
            let place: String
            let problem: String
        }
        do {
            let problem = try JSONDecoder().decode(Problem.self, from: Data(body.readableBytesView))
            let faults = (problem.errors ?? []).map { fault in
                TextTable.clean(fault.place.isEmpty ? "- \(fault.problem)" : "- \(fault.place): \(fault.problem)")
            }
            return ([problem.detail ?? problem.title] + faults).joined(separator: "\n")
        } catch {
            return nil
        }
    }
}
