import DICOMweb
import HTTPTypes
import Hummingbird
import Testing

@Suite("Answers of a DICOMweb server")
struct DICOMwebAnswerTests {
    @Test("no content and an empty list both mean none", arguments: ["204", "[]", "empty"])
    func none(_ form: String) async throws {
        try await withServer { _ in
            form == "204"
                ? Response(status: .noContent) : answer(.ok, "application/dicom+json", form == "[]" ? "[]" : "")
        } _: { baseURL in
            let found = try await withDICOMwebClient(baseURL) { try await $0.searchStudies() }
            #expect(found.isEmpty)
        }
    }

    @Test("a search goes to its resource with its parameters and comes back as data sets")
    func search() async throws {
        let requests = Recorder<String>()
        try await withServer { request in
            requests.record("\(request.method) \(request.uri) \(request.headers[.accept] ?? "")")
            return answer(.ok, "application/dicom+json; charset=utf-8", #"[{"00100020":{"vr":"LO","Value":["1"]}}]"#)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL + "/") { client in
                let study = try #require(StudyUID("1.2"))
                let found = try await client.searchStudies(.matching(.patientName, "Ä^B"))
                #expect(found.map { $0.string(.patientID) } == ["1"])
                _ = try await client.searchSeries(of: study)
                _ = try await client.searchInstances(of: .series(study, #require(SeriesUID("1.3"))))
            }
        }
        let accept = "application/dicom+json"
        #expect(
            requests.items == [
                "GET /dicomWeb/studies?PatientName=%C3%84%5EB \(accept)",
                "GET /dicomWeb/studies/1.2/series \(accept)",
                "GET /dicomWeb/studies/1.2/series/1.3/instances \(accept)",
            ]
        )
    }

    @Test(
        "each status is its error, with the code of an object or of a list of one",
        arguments: [
            (
                400, #"{"error":{"code":400,"message":"x","status":"INVALID_ARGUMENT"}}"#,
                DICOMwebError.badRequest(status: 400, code: .invalidArgument)
            ),
            (
                400, #" [{"error":{"code":400,"message":"x","status":"FAILED_PRECONDITION"}}]"#,
                .badRequest(status: 400, code: .failedPrecondition)
            ),
            (400, #"[]"#, .badRequest(status: 400, code: nil)),
            (400, #"{"error":"text"}"#, .badRequest(status: 400, code: nil)),
            (400, "<html>", .badRequest(status: 400, code: nil)),
            (401, "{}", .refused(.unauthenticated)),
            (403, "{}", .refused(.forbidden)),
            (404, "{}", .notFound),
            (410, "", .notFound),
            (406, "", .notAcceptable),
            (409, "", .conflict),
            (412, "", .conflict),
            (415, "", .badRequest(status: 415, code: nil)),
            (429, "", .throttled(retryAfter: nil)),
            (500, "", .upstreamFault(status: 500)),
            (501, "", .upstreamFault(status: 501)),
            (502, "", .upstreamFault(status: 502)),
            (503, "", .unavailable(retryAfter: nil)),
            (302, "", .invalidAnswer(.status)),
            (206, "", .invalidAnswer(.status)),
        ]
    )
    func errors(_ status: Int, _ body: String, _ expected: DICOMwebError) async throws {
        try await withServer { _ in
            answer(.init(code: status), "application/json", body, [.location: "http://127.0.0.1:1/"])
        } _: { baseURL in
            await #expect(throws: expected) {
                try await withDICOMwebClient(baseURL, impatient(Recorder())) { try await $0.searchStudies() }
            }
        }
    }

    @Test("the wait that the server asks for is told")
    func retryAfter() async throws {
        try await withServer { _ in
            answer(.serviceUnavailable, "text/plain", "", [.retryAfter: "3600"])
        } _: { baseURL in
            await #expect(throws: DICOMwebError.unavailable(retryAfter: .seconds(3600))) {
                try await withDICOMwebClient(baseURL) { try await $0.searchStudies() }
            }
        }
    }

    @Test("a web page in place of JSON is refused, and so is JSON that is not DICOM's")
    func wrongAnswers() async throws {
        let cases: [(String, String, DICOMwebError)] = [
            ("text/html", "<html></html>", .invalidAnswer(.mediaType)),
            ("nonsense", "[]", .invalidAnswer(.mediaType)),
            ("application/json", #"{"rows":1}"#, .invalidAnswer(.json)),
            ("application/dicom+json", #"[{"00100020":{"vr":"LO"}"#, .invalidAnswer(.truncated)),
        ]
        for (type, body, expected) in cases {
            try await withServer { _ in
                answer(.ok, type, body)
            } _: { baseURL in
                await #expect(throws: expected) {
                    try await withDICOMwebClient(baseURL) { try await $0.searchStudies() }
                }
            }
        }
    }

    @Test("a body that ends before its announced length is refused")
    func truncatedBody() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 100\r\n\r\n"
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(text: head + "[")
        } _: { baseURL in
            await #expect(throws: DICOMwebError.self) {
                try await withDICOMwebClient(baseURL) { try await $0.searchStudies() }
            }
        }
    }

    @Test("a JSON body larger than its limit is refused")
    func tooLarge() async throws {
        try await withServer { _ in
            answer(.ok, "application/dicom+json", "[" + String(repeating: " ", count: 2000) + "]")
        } _: { baseURL in
            await #expect(throws: DICOMwebError.limit(.bodyBytes)) {
                try await withDICOMwebClient(baseURL, DICOMwebConfiguration(jsonBytesMax: 1000)) {
                    try await $0.searchStudies()
                }
            }
        }
    }

    @Test("a server that does not answer, or stops in the middle, runs into the deadline", arguments: ["", "[{"])
    func slow(_ beginning: String) async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 100\r\n\r\n"
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(text: beginning.isEmpty ? "" : head + beginning, closes: false)
        } _: { baseURL in
            await #expect(throws: DICOMwebError.timeout) {
                try await withDICOMwebClient(baseURL, impatient(Recorder(), timeout: .milliseconds(300))) {
                    try await $0.searchStudies()
                }
            }
        }
    }

    @Test("a cancelled call ends as cancelled")
    func cancelled() async throws {
        let arrived = AsyncStream<Void>.makeStream()
        try await ScriptedServer.withServer { _ in
            arrived.continuation.yield()
            return ScriptedServer.Script(closes: false)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let call = Task { try await client.searchStudies() }
                for await _ in arrived.stream { break }
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
            }
        }
    }

    @Test("addresses and requests that make no sense are refused before anything is sent")
    func invalidRequests() async throws {
        await #expect(throws: DICOMwebError.invalidRequest) {
            try await withDICOMwebClient("ftp://h") { _ in }
        }
        let reference = try #require(SampleReference.make())
        try await withDICOMwebClient("http://127.0.0.1:1/d") { client in
            await #expect(throws: DICOMwebError.invalidRequest) { try await client.frames([], of: reference) }
            await #expect(throws: DICOMwebError.invalidRequest) { try await client.frames([0], of: reference) }
            await #expect(throws: DICOMwebError.invalidRequest) { try await client.store([]) }
            await #expect(throws: DICOMwebError.invalidRequest) {
                try await client.bulkData("http://evil/", of: reference)
            }
            await #expect(throws: DICOMwebError.invalidRequest) {
                try await client.retrieve(.instance(reference), as: .uid("1.2\r\nX: y"))
            }
            await #expect(throws: DICOMwebError.invalidRequest) {
                try await client.searchInstances(of: .instance(reference))
            }
            await #expect(throws: DICOMwebError.invalidRequest) {
                try await client.exchange(RawRequest("GET", "/studies/../../x"))
            }
            await #expect(throws: DICOMwebError.invalidRequest) {
                try await client.operation("projects/p/operations/1")
            }
        }
    }
}

/// An instance that is nowhere.
enum SampleReference {
    static func make() -> InstanceReference? {
        guard let study = StudyUID("1.2"), let series = SeriesUID("1.3"), let instance = InstanceUID("1.4") else {
            return nil
        }
        return InstanceReference(study, series, instance)
    }
}
