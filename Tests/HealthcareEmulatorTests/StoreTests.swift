import DICOMFiles
import DICOMweb
import Foundation
import NIOHTTP1
import Testing

@testable import HealthcareEmulator

@Suite("POST …/dicomWeb/studies")
struct StoreTests {
    private static let studies = TestServer.dicomWeb + "/studies"

    private func send(
        _ server: TestServer,
        _ parts: [(headers: [String], body: [UInt8])],
        type: String = "\"application/dicom\"",
        accept: String? = "application/dicom+json",
        path: String = Self.studies
    ) async throws -> TestServer.Reply {
        var headers: HTTPHeaders = ["Content-Type": "multipart/related; type=\(type); boundary=b0"]
        if let accept { headers.add(name: "Accept", value: accept) }
        return try await server.send(.POST, path, headers: headers, body: Multipart.body(boundary: "b0", parts))
    }

    private func part(_ object: TestObject) throws -> (headers: [String], body: [UInt8]) {
        (Multipart.dicomHeaders, try object.file())
    }

    /// The items of a sequence of the answer.
    private func items(_ reply: TestServer.Reply, _ tag: String) -> [[String: Any]] {
        (reply.object[tag] as? [String: Any])?["Value"] as? [[String: Any]] ?? []
    }

    private func value(_ item: [String: Any], _ tag: String) -> Any? {
        ((item[tag] as? [String: Any])?["Value"] as? [Any])?.first
    }

    @Test("answers XML by default, and JSON where it is asked for")
    func forms() async throws {
        try await withEmulator { server in
            let xml = try await self.send(server, [try self.part(TestObject())], accept: nil)
            #expect(xml.status == 200)
            #expect(xml.headers.first(name: "Content-Type") == "application/dicom+xml")
            #expect(
                xml.text.hasPrefix(
                    "<NativeDicomModel><DicomAttribute tag=\"00081190\" vr=\"UR\" keyword=\"RetrieveURL\">"
                )
            )
            #expect(xml.text.contains("tag=\"00081199\" vr=\"SQ\" keyword=\"ReferencedSOPSequence\""))
            let json = try await self.send(server, [try self.part(TestObject(2))])
            #expect(json.headers.first(name: "Content-Type") == "application/dicom+json")
            let item = try #require(self.items(json, "00081199").first)
            #expect(self.value(item, "00081150") as? String == TestObject.sopClassUID)
            #expect(self.value(item, "00081155") as? String == TestObject(2).instance)
            let url = "http://127.0.0.1:\(server.port)\(TestServer.dicomWeb)\(TestObject(2).path)"
            #expect(self.value(item, "00081190") as? String == url)
            let refused = try await self.send(server, [try self.part(TestObject(3))], accept: "text/html")
            #expect(refused.status == 406)
        }
    }

    @Test("takes an unquoted type, a single part and many parts")
    func contents() async throws {
        try await withEmulator { server in
            let unquoted = try await self.send(server, [try self.part(TestObject())], type: "application/dicom")
            #expect(unquoted.status == 200)
            #expect(try await server.store(TestObject(2)).status == 200)
            let many = try await self.send(server, try (3...40).map { try self.part(TestObject($0)) })
            #expect(many.status == 200)
            #expect(self.items(many, "00081199").count == 38)
            let metrics = try await server.get(TestServer.store + ":getDICOMStoreMetrics")
            #expect(metrics.object["instanceCount"] as? String == "40")
        }
    }

    @Test("the same bytes again are 200, other bytes for the same instance 409")
    func duplicates() async throws {
        try await withEmulator { server in
            #expect(try await server.store(TestObject()).status == 200)
            #expect(try await server.store(TestObject()).status == 200)
            var other = TestObject()
            other.shade = 5
            let refused = try await server.store(other)
            #expect(refused.status == 409)
            let item = try #require(self.items(refused, "00081198").first)
            #expect(self.value(item, "00081155") as? String == other.instance)
            #expect(self.value(item, "00081197") as? Int == 272)
            #expect((self.value(item, "00091097") as? String)?.contains("already exists") == true)
            let xml = try await self.send(server, [try self.part(other)], accept: "application/dicom+xml")
            #expect(xml.status == 409)
            #expect(xml.text.contains("tag=\"00090097\" vr=\"LT\" keyword=\"FailureDetail\" privateCreator=\"GOOGLE\""))
            #expect(xml.text.contains("<Value number=\"1\">272</Value>"))
            let stored = try await server.get(
                TestServer.dicomWeb + other.path,
                accept: "application/dicom; transfer-syntax=*"
            )
            #expect(stored.body == (try TestObject().file()))
        }
    }

    @Test("one refused object makes the answer 409, and the others are stored")
    func partial() async throws {
        try await withEmulator { server in
            let reply = try await self.send(
                server,
                [
                    try self.part(TestObject()), (Multipart.dicomHeaders, Array("not DICOM".utf8)),
                    (["Content-Type: text/plain"], Array("text".utf8)), try self.part(TestObject(2)),
                    (Multipart.dicomHeaders, []),
                ]
            )
            #expect(reply.status == 409)
            #expect(self.items(reply, "00081199").count == 2)
            #expect(self.items(reply, "00081198").count == 3)
            #expect(self.items(reply, "00081198").allSatisfy { self.value($0, "00081197") as? Int == 272 })
        }
    }

    @Test("with a study in the path every object must belong to it")
    func studyOfPath() async throws {
        try await withEmulator { server in
            var stranger = TestObject(2)
            stranger.study = "1.2.3"
            let path = Self.studies + "/\(TestObject().study)"
            let both = try await self.send(server, [try self.part(TestObject()), try self.part(stranger)], path: path)
            #expect(both.status == 409)
            #expect(self.items(both, "00081199").count == 1)
            let alone = try await self.send(server, [try self.part(stranger)], path: path)
            #expect(alone.status == 400)
            #expect(try await server.get(TestServer.dicomWeb + stranger.path).status == 404)
        }
    }

    @Test(
        "bodies of other types are refused",
        arguments: [
            "", "text/plain", "application/json", "multipart/related", "multipart/related; type=\"application/dicom\"",
            "multipart/related; type=\"text/plain\"; boundary=b", "multipart/form-data; boundary=b", "application/zip",
            "multipart/related; type=\"application/dicom\"; boundary=\"\(String(repeating: "x", count: 80))\"",
        ]
    )
    func contentTypes(type: String) async throws {
        try await withEmulator { server in
            let reply = try await server.send(.POST, Self.studies, headers: ["Content-Type": type], body: [1, 2, 3])
            #expect(reply.status == 400)
            #expect(reply.errorStatus == "INVALID_ARGUMENT")
        }
    }

    @Test("bodies that end early or are empty are refused, and a whole part before may be stored")
    func truncated() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            let headers: HTTPHeaders = ["Content-Type": "multipart/related; type=\"application/dicom\"; boundary=b0"]
            let open = Multipart.body(boundary: "b0", [(Multipart.dicomHeaders, file)], isClosed: false)
            for body in [open, Array(open.dropLast(40)), Array("--b0--".utf8), Array("nonsense".utf8), []] {
                let reply = try await server.send(.POST, Self.studies, headers: headers, body: body)
                #expect(reply.status == 400)
            }
            let empty = try await server.send(
                .POST,
                Self.studies,
                headers: ["Content-Type": "application/dicom"],
                body: []
            )
            #expect(empty.status == 400)
            // Sending it whole is always right.
            #expect(try await self.send(server, [try self.part(TestObject())]).status == 200)
        }
    }

    @Test("a file that is cut short is refused")
    func truncatedFile() async throws {
        try await withEmulator { server in
            let file = try TestObject().file()
            for length in [1, 100, 131, 132, 200, file.count - 1] {
                let reply = try await self.send(server, [(Multipart.dicomHeaders, Array(file.prefix(length)))])
                #expect(reply.status == 409)
            }
            #expect(try await server.get(Self.studies).status == 204)
        }
    }

    @Test("a store that is not there is 404")
    func unknownStore() async throws {
        try await withEmulator { server in
            let path = Self.studies.replacing("radiology", with: "nowhere")
            let reply = try await server.send(.POST, path, headers: ["Content-Type": "application/dicom"], body: [1])
            #expect(reply.status == 404)
        }
    }

    @Test("more parts of bulk data than the limit are refused, and uploads of metadata beyond theirs")
    func metadataLimits() async throws {
        var dataSet = TestObject().dataSet
        dataSet.set(.transferSyntaxUID, Part10Writer.explicitVRLittleEndian)
        let metadata = (headers: ["Content-Type: application/dicom+json"], body: DICOMJSON.encode([dataSet]))
        let parts: [(headers: [String], body: [UInt8])] = ["pixels", "x"].map {
            (["Content-Type: application/octet-stream", "Content-Location: \($0)"], TestObject().pixels)
        }
        let type = "\"application/dicom+json\""
        var limits = EmulatorLimits()
        limits.bulkPartsMax = 1
        try await withEmulator(limits: limits) { server in
            let refused = try await self.send(server, [metadata] + parts, type: type)
            #expect(refused.status == 400)
            #expect(refused.errorMessage.contains("too many"))
            let taken = try await self.send(server, [metadata, parts[0]], type: type)
            #expect(taken.status == 200)
        }
        limits.metadataUploadsMax = 0
        try await withEmulator(limits: limits) { server in
            let busy = try await self.send(server, [metadata, parts[0]], type: type)
            #expect(busy.status == 503)
            #expect(busy.headers.first(name: "Retry-After") == "1")
            let file = try await self.send(server, [try self.part(TestObject())])
            #expect(file.status == 200)
        }
    }

    /// The metadata and the frames of a compressed object; what is in the frames does not matter to storing.
    private func frameParts(
        _ frameCount: Int,
        syntax: String = "1.2.840.10008.1.2.4.50",
        partCount: Int
    ) -> [(headers: [String], body: [UInt8])] {
        var dataSet = TestObject().dataSet
        dataSet.set(.transferSyntaxUID, syntax)
        dataSet.set(.numberOfFrames, frameCount)
        dataSet[.pixelData] = Element(vr: .OB, content: .bulkDataURI("pixels"))
        let frames = (0..<partCount).map { frame in
            (
                headers: ["Content-Type: application/octet-stream", "Content-Location: pixels"],
                body: [0xFF, 0xD8, UInt8(frame), 0xFF, 0xD9] + [UInt8](repeating: UInt8(frame), count: frame)
            )
        }
        return [(headers: ["Content-Type: application/dicom+json"], body: DICOMJSON.encode([dataSet]))] + frames
    }

    @Test("compressed frames that come one by one become frames")
    func compressedFrames() async throws {
        try await withEmulator { server in
            let parts = self.frameParts(3, partCount: 3)
            let reply = try await self.send(server, parts, type: "\"application/dicom+json\"")
            #expect(reply.status == 200)
            let accept = "multipart/related; type=\"application/octet-stream\"; transfer-syntax=*"
            let frames = try await server.get(
                TestServer.dicomWeb + TestObject().path + "/frames/1,2,3",
                accept: accept
            )
            let expected = parts.dropFirst().map { $0.body.count.isMultiple(of: 2) ? $0.body : $0.body + [0] }
            #expect(try Multipart(frames).parts.map(\.body) == expected)
        }
    }

    @Test(
        "compressed frames that cannot be told apart are refused, not stored as one",
        arguments: [(3, 1, "each frame"), (3, 2, "several parts"), (1, 2, "several parts")]
    )
    func unclearFrames(frameCount: Int, partCount: Int, words: String) async throws {
        try await withEmulator { server in
            let reply = try await self.send(
                server,
                self.frameParts(frameCount, partCount: partCount),
                type: "\"application/dicom+json\""
            )
            #expect(reply.status == 409)
            #expect(reply.text.contains(words))
            #expect(try await server.get(Self.studies).status == 204)
        }
    }

    @Test("a video is one piece whatever its frames, and native pixels are one part")
    func pieces() async throws {
        try await withEmulator { server in
            let type = "\"application/dicom+json\""
            let video = try await self.send(
                server,
                self.frameParts(30, syntax: "1.2.840.10008.1.2.4.102", partCount: 1),
                type: type
            )
            #expect(video.status == 200)
            let native = try await self.send(
                server,
                self.frameParts(2, syntax: Part10Writer.explicitVRLittleEndian, partCount: 2),
                type: type
            )
            #expect(native.status == 409)
        }
    }

    @Test("an upload gate lets in as many as it is wide, and the next when one has left")
    func gate() throws {
        let gate = UploadGate(width: 2)
        try gate.enter()
        try gate.enter()
        #expect(throws: GoogleError.self) { try gate.enter() }
        gate.leave()
        try gate.enter()
    }

    @Test("metadata and bulk data become a file")
    func metadata() async throws {
        try await withEmulator { server in
            var dataSet = TestObject().dataSet
            dataSet.set(.transferSyntaxUID, Part10Writer.explicitVRLittleEndian)
            let parts: [(headers: [String], body: [UInt8])] = [
                (["Content-Type: application/dicom+json"], DICOMJSON.encode([dataSet])),
                (["Content-Type: application/octet-stream", "Content-Location: pixels"], TestObject().pixels),
            ]
            let type = "\"application/dicom+json\""
            let reply = try await self.send(server, parts, type: type)
            #expect(reply.status == 200)
            let bulk = try await server.get(
                TestServer.dicomWeb + TestObject().path + "/bulkdata/7FE00010",
                accept: "application/octet-stream"
            )
            #expect(bulk.body == TestObject().pixels)
            let withoutBulk = try await self.send(server, [parts[0]], type: type)
            #expect(withoutBulk.status == 400)
            let withoutMetadata = try await self.send(server, [parts[1]], type: type)
            #expect(withoutMetadata.status == 400)
            let strayBulk = try await self.send(
                server,
                parts + [(["Content-Type: application/octet-stream", "Content-Location: x"], [1])],
                type: type
            )
            #expect(strayBulk.status == 400)
            dataSet.set(.specificCharacterSet, "ISO_IR 100")
            let latin = try await self.send(
                server,
                [(["Content-Type: application/dicom+json"], DICOMJSON.encode([dataSet])), parts[1]],
                type: type
            )
            #expect(latin.status == 400)
        }
    }
}
