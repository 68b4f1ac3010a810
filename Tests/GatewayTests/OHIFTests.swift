import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

/// A manifest as a test reads it.
private struct Manifest: Decodable {
    struct Study: Decodable {
        let StudyInstanceUID: String
        let NumInstances: Int
        let Modalities: String
        let PatientName: String?
        let StudyDate: String?
        let series: [Series]
    }

    struct Series: Decodable {
        let SeriesInstanceUID: String
        let SeriesNumber: Int?
        let instances: [Instance]
    }

    struct Instance: Decodable {
        let url: String
    }

    let studies: [Study]
}

@Suite("GET /studies/{study}/ohif")
struct OHIFManifestTests {
    private static let path = "\(Sample.studyPath)/ohif"

    private static func instance(
        _ number: Int,
        series: String = Sample.series,
        change: (inout DataSet) -> Void = { _ in }
    ) -> DataSet {
        var set = Sample.study()
        set.set(.seriesInstanceUID, series)
        set.set(.sopInstanceUID, "\(series).\(number)")
        set.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2")
        set.set(.modality, "CT")
        set.set(.seriesNumber, 1)
        set.set(.instanceNumber, number)
        set.set(.rows, 512)
        set.set(.columns, 512)
        change(&set)
        return set
    }

    /// A gateway whose store has these instances, and sends them in pieces of a few bytes.
    private static func gateway(_ instances: [DataSet], piece: Int = 7) throws -> GatewayUnderTest {
        let text = String(decoding: DICOMJSON.encode(instances), as: UTF8.self)
        return try self.gateway(text: text, piece: piece)
    }

    private static func gateway(text: String, piece: Int = 7) throws -> GatewayUnderTest {
        let bytes = Array(text.utf8)
        return try GatewayUnderTest(
            ScriptedUpstream(exchange: { _ in
                let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                    for start in stride(from: 0, to: bytes.count, by: piece) {
                        continuation.yield(ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)]))
                    }
                    continuation.finish()
                }
                return UpstreamResponse(status: 200, headers: [.contentType: "application/dicom+json"], body: stream)
            }),
            publicURL: "https://imaging.test"
        )
    }

    private static func read(_ answer: TestResponse) throws -> Manifest.Study {
        #expect(answer.status == .ok)
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(answer.body.readableBytesView))
        return try #require(manifest.studies.first)
    }

    private static func metadata(_ answer: TestResponse, _ index: Int = 0) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView)) as? [String: Any]
        let study = (json?["studies"] as? [[String: Any]])?.first
        let series = (study?["series"] as? [[String: Any]])?.first
        let instances = try #require(series?["instances"] as? [[String: Any]])
        return try #require(instances[index]["metadata"] as? [String: Any])
    }

    @Test("lists series by number and instances by number, each with the address of its picture on this host")
    func order() async throws {
        let other = "\(Sample.study).3"
        let gateway = try Self.gateway([
            Self.instance(2), Self.instance(10), Self.instance(1),
            Self.instance(1, series: other) {
                $0.set(.seriesNumber, 0)
                $0.set(.modality, "MR")
            },
        ])
        let study = try Self.read(try await gateway.request(.get, Self.path))
        #expect(study.StudyInstanceUID == Sample.study)
        #expect(study.NumInstances == 4)
        #expect(study.Modalities == "CT/MR")
        #expect(study.PatientName == "Smith^John^Q")
        #expect(study.series.map(\.SeriesInstanceUID) == [other, Sample.series])
        #expect(study.series.map(\.SeriesNumber) == [0, 1])
        let root = "wadors:https://imaging.test\(Sample.dicomweb)/series/\(Sample.series)/instances"
        #expect(
            study.series[1].instances.map(\.url) == [1, 2, 10].map { "\(root)/\(Sample.series).\($0)/frames/1" }
        )
    }

    @Test("names attributes as dcmjs does, and changes no value")
    func naturalised() async throws {
        let gateway = try Self.gateway([
            Self.instance(1) { set in
                set.set(Tag(0x0028, 0x0030), vr: .DS, 0.5, "0.25")
                set.set(Tag(0x0020, 0x4000), vr: .LT, values: [])
                set.set(Tag(0x0011, 0x1001), vr: .LO, "private")
                set.set(.imageType, vr: .CS, "ORIGINAL", "PRIMARY")
                var item = DataSet()
                item.set(.codeValue, vr: .SH, "T-1")
                set.set(.anatomicRegionSequence, items: [item])
                set[Tag(0x7FE0, 0x0010)] = Element(vr: .OW, content: .bulkDataURI("\(ScriptedUpstream.root)/x"))
                set[Tag(0x0028, 0x1201)] = Element(vr: .OW, content: .bulkDataURI("\(ScriptedUpstream.root)/lut"))
                set[Tag(0x0042, 0x0011)] = Element(vr: .OB, content: .inlineBinary([1, 2, 3]))
            }
        ])
        let answer = try await gateway.request(.get, Self.path)
        let metadata = try Self.metadata(answer)
        #expect(metadata["Rows"] as? Int == 512)
        #expect((metadata["PixelSpacing"] as? [Any])?.first as? Double == 0.5)
        #expect((metadata["PixelSpacing"] as? [Any])?.last as? String == "0.25")
        #expect(metadata["ImageComments"] is NSNull)
        #expect(metadata["00111001"] as? String == "private")
        #expect(metadata["ImageType"] as? [String] == ["ORIGINAL", "PRIMARY"])
        #expect(metadata["PatientName"] as? [[String: String]] == [["Alphabetic": "Smith^John^Q"]])
        #expect(metadata["AnatomicRegionSequence"] as? [[String: String]] == [["CodeValue": "T-1"]])
        #expect(metadata["EncapsulatedDocument"] as? [String: String] == ["InlineBinary": "AQID"])
        #expect(metadata["PixelData"] == nil)
        let table = metadata["RedPaletteColorLookupTableData"] as? [String: String]
        #expect(table == ["BulkDataURI": "https://imaging.test/dicomweb/radiology/lut"])
        #expect(metadata["WindowCenter"] == nil)
    }

    @Test("gives each frame of an instance an entry, and what belongs to frames once")
    func frames() async throws {
        var group = DataSet()
        group.set(.instanceNumber, 1)
        let gateway = try Self.gateway([
            Self.instance(1) { set in
                set.set(.numberOfFrames, 3)
                set.set(.perFrameFunctionalGroupsSequence, items: [group, group, group])
            }
        ])
        let answer = try await gateway.request(.get, Self.path)
        let study = try Self.read(answer)
        #expect(study.NumInstances == 1)
        #expect(study.series[0].instances.map { $0.url.split(separator: "/").last } == ["1", "2", "3"])
        let first = try Self.metadata(answer, 0)
        let last = try Self.metadata(answer, 2)
        #expect((first["PerFrameFunctionalGroupsSequence"] as? [Any])?.count == 3)
        #expect(last["PerFrameFunctionalGroupsSequence"] == nil)
        #expect(first["NumberOfFrames"] == nil && last["NumberOfFrames"] == nil)
        #expect(last["SOPInstanceUID"] as? String == first["SOPInstanceUID"] as? String)
    }

    @Test("gives what has no picture the address of its file")
    func withoutPicture() async throws {
        let gateway = try Self.gateway([
            Self.instance(1) {
                $0.remove(.rows)
                $0.set(.modality, "SR")
            }
        ])
        let study = try Self.read(try await gateway.request(.get, Self.path))
        let url = study.series[0].instances[0].url
        #expect(
            url
                == "dicomweb:https://imaging.test\(Sample.dicomweb)/series/\(Sample.series)/instances/\(Sample.series).1"
        )
    }

    @Test("says of the study only what all its instances say")
    func disagreement() async throws {
        let gateway = try Self.gateway([
            Self.instance(1), Self.instance(2) { $0.set(.patientName, "Other^Name") },
        ])
        let study = try Self.read(try await gateway.request(.get, Self.path))
        #expect(study.PatientName == nil)
        #expect(study.StudyDate == "20260105")
    }

    @Test("is the same for the same study in another order, and 304 to who has it")
    func revalidation() async throws {
        let first = try await Self.gateway([Self.instance(1), Self.instance(2)]).request(.get, Self.path)
        let gateway = try Self.gateway([Self.instance(2), Self.instance(1)])
        let tag = try #require(first.headers[.eTag])
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = tag
        let second = try await gateway.request(.get, Self.path, headers: headers)
        #expect(second.status == .notModified)
        #expect(second.headers[.cacheControl] == "private, no-cache")
        headers[.ifNoneMatch] = "\"another\""
        #expect(try await gateway.request(.get, Self.path, headers: headers).status == .ok)
    }

    @Test("refuses a study with more frames than a manifest may hold, and not one with as many")
    func limit() async throws {
        func answer(_ frames: Int) async throws -> TestResponse {
            try await Self.gateway([Self.instance(1) { $0.set(.numberOfFrames, frames) }]).request(.get, Self.path)
        }
        #expect(try await answer(OHIFManifest.entriesMax).status == .ok)
        let refused = try await answer(OHIFManifest.entriesMax + 1)
        #expect(refused.status == .unprocessableContent)
        #expect(try refused.problem().detail?.contains("DICOMweb data source") == true)
    }

    @Test(
        "takes nothing from an upstream that is no metadata of the study",
        arguments: [
            "", "[", "{}", "[{}]", "[{]", "null", "[1]", "[{}", "{\"a\":[]}",
            String(decoding: DICOMJSON.encode([Sample.study(uid: "1.2.9")]), as: UTF8.self),
        ]
    )
    func strange(text: String) async throws {
        let answer = try await Self.gateway(text: text).request(.get, Self.path)
        #expect(answer.status == .badGateway)
        #expect(try answer.problem().code == "upstream-invalid")
    }

    @Test("is 404 for a study without instances, and 400 for a parameter")
    func refusals() async throws {
        #expect(try await Self.gateway([]).request(.get, Self.path).status == .notFound)
        #expect(try await Self.gateway([Self.instance(1)]).request(.get, "\(Self.path)?a=1").status == .badRequest)
        let other = "/api/v1/stores/nowhere/studies/\(Sample.study)/ohif"
        #expect(try await Self.gateway([Self.instance(1)]).request(.get, other).status == .notFound)
    }

    @Test("cuts a list at every place into the same objects", arguments: 1...12)
    func pieces(size: Int) throws {
        let text = #" [ {"a":"}\"]\\"} ,{"b":[{"c":"{"}]}, {} ]"#
        var items = JSONArrayItems(itemBytesMax: 100)
        var found: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try items.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])) {
                found.append(String(decoding: $0, as: UTF8.self))
            }
        }
        try items.finish()
        #expect(found == [#"{"a":"}\"]\\"}"#, #"{"b":[{"c":"{"}]}"#, "{}"])
    }
}

@Suite("GET /stores/{store}/ohif")
struct OHIFDataSourceTests {
    @Test("describes the store's DICOMweb with addresses on this host, with a tag")
    func configuration() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(), publicURL: "https://imaging.test")
        let answer = try await gateway.request(.get, "/api/v1/stores/radiology/ohif")
        #expect(answer.status == .ok)
        let root = "https://imaging.test/dicomweb/radiology"
        #expect(answer.text.hasPrefix(#"{"servers":{"dicomWeb":[{"name":"radiology","#))
        for name in ["qidoRoot", "wadoRoot", "wadoUriRoot"] { #expect(answer.text.contains("\"\(name)\":\"\(root)\"")) }
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = answer.headers[.eTag]
        #expect(
            try await gateway.request(.get, "/api/v1/stores/radiology/ohif", headers: headers).status == .notModified
        )
        #expect(try await gateway.request(.get, "/api/v1/stores/nowhere/ohif").status == .notFound)
    }
}
