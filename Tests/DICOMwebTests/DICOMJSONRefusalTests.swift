import DICOMweb
import TestSupport
import Testing

@Suite("DICOM JSON that is refused")
struct DICOMJSONRefusalTests {
    @Test(
        "each fault has its code",
        arguments: [
            (#"[]"#, DICOMJSONError.Code.malformed),
            (#"{"00100020":{"vr":"LO"}} x"#, .malformed),
            (#"{"00100020":{"vr":"LO"},}"#, .malformed),
            (#"{"00100020":{"vr":"LO","Value":["a",]}}"#, .invalidValue),
            (#"{"00100020":{'vr':"LO"}}"#, .malformed),
            (#"{"0010":{"vr":"LO"}}"#, .invalidTag),
            (#"{"PatientID":{"vr":"LO"}}"#, .invalidTag),
            (#"{"00100020":{"vr":"LO"},"00100020":{"vr":"LO"}}"#, .duplicate),
            (#"{"00100020":{"vr":"LO","vr":"LO"}}"#, .duplicate),
            (#"{"00100020":{"vr":"LO","Value":["a"],"Value":["b"]}}"#, .duplicate),
            (#"{"00100020":{"Value":["a"],"Value":["b"],"vr":"LO"}}"#, .duplicate),
            (#"{"00100020":{"vr":"OB","InlineBinary":"AA==","BulkDataURI":"x"}}"#, .duplicate),
            (#"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"a","Alphabetic":"b"}]}}"#, .duplicate),
            (#"{"00100020":{}}"#, .invalidVR),
            (#"{"00100020":{"Value":["a"]}}"#, .invalidVR),
            (#"{"00100020":{"vr":"XX"}}"#, .invalidVR),
            (#"{"00100020":{"vr":"lo"}}"#, .invalidVR),
            (#"{"00100020":{"vr":"LO","Value":[true]}}"#, .invalidValue),
            (#"{"00100020":{"vr":"LO","Value":[["a"]]}}"#, .invalidValue),
            (#"{"00100020":{"vr":"LO","Value":[{}]}}"#, .invalidValue),
            (#"{"00100010":{"vr":"PN","Value":[1]}}"#, .invalidValue),
            (#"{"00100010":{"vr":"PN","Value":[{"Other":"a"}]}}"#, .invalidValue),
            (#"{"00081140":{"vr":"SQ","Value":["a"]}}"#, .invalidValue),
            (#"{"00280010":{"vr":"US","Value":["many"]}}"#, .invalidValue),
            (#"{"00282000":{"vr":"OB","InlineBinary":"AAE"}}"#, .invalidValue),
            (#"{"00282000":{"vr":"OB","InlineBinary":"AB=="}}"#, .invalidValue),
            (#"{"00282000":{"vr":"OB","InlineBinary":"A A="}}"#, .invalidValue),
            (#"{"00280010":{"vr":"US","Value":[01]}}"#, .malformed),
            (#"{"00280010":{"vr":"US","Value":[1.]}}"#, .malformed),
            (#"{"00280010":{"vr":"US","Value":[-]}}"#, .malformed),
            (#"{"00280010":{"vr":"FD","Value":[1e999]}}"#, .malformed),
            (#"{"00100020":{"vr":"LO","Value":["\x"]}}"#, .malformed),
            (#"{"00100020":{"vr":"LO","Value":["\ud800"]}}"#, .invalidText),
            (#"{"00100020":{"vr":"LO","Value":["\ud800\u0041"]}}"#, .invalidText),
            (#"{"00100020":{"vr":"LO","Value":["\udc00"]}}"#, .invalidText),
            ("{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"a\nb\"]}}", .malformed),
            ("", .truncated),
        ]
    )
    func fault(_ text: String, _ expected: DICOMJSONError.Code) {
        let error = #expect(throws: DICOMJSONError.self) { try DICOMJSON.dataSet(from: Array(text.utf8)) }
        #expect(error?.code == expected)
    }

    @Test("text that is not UTF-8 is refused, with and without an escape in it", arguments: [0x80, 0xC0, 0xED, 0xFF])
    func invalidUTF8(_ byte: UInt8) {
        for escape in ["", "\\n"] {
            let bytes = Array(#"{"00100020":{"vr":"LO","Value":["\#(escape)"#.utf8) + [byte] + Array(#""]}}"#.utf8)
            let error = #expect(throws: DICOMJSONError.self) { try DICOMJSON.dataSet(from: bytes) }
            #expect(error?.code == .invalidText)
        }
    }

    @Test("a text cut anywhere is refused, and the error tells no value")
    func truncated() {
        let text = #"{"00081140":{"Value":[{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Geheim"}]}}],"vr":"SQ"}}"#
        let bytes = Array(text.utf8)
        for length in 0..<bytes.count {
            let error = #expect(throws: DICOMJSONError.self) { try DICOMJSON.dataSet(from: Array(bytes[..<length])) }
            #expect(error?.description.contains("Geheim") == false)
            #expect((error?.offset ?? .max) <= length)
        }
    }

    @Test("sequences nested as deeply as allowed pass, one deeper does not, and so in what is passed over")
    func depth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let opening = String(repeating: #"{"00081140":{"vr":"SQ","Value":["#, count: depth)
            return Array((opening + "{}" + String(repeating: "]}}", count: depth)).utf8)
        }
        let limits = DICOMJSONLimits(nestingDepthMax: 5)
        #expect(try DICOMJSON.dataSet(from: nested(5), limits: limits).count == 1)
        let error = #expect(throws: DICOMJSONError.self) { try DICOMJSON.dataSet(from: nested(6), limits: limits) }
        #expect(error?.code == .tooDeep)
        let arrays = String(repeating: "[", count: 100_000)
        let skipped = Array(#"{"00081140":{"other":\#(arrays)"#.utf8)
        let other = #expect(throws: DICOMJSONError.self) { try DICOMJSON.dataSet(from: skipped) }
        #expect(other?.code == .tooDeep)
    }

    @Test("as many attributes and values as allowed pass, one more does not")
    func count() throws {
        let text = Array(#"{"00080008":{"vr":"CS","Value":["A","B"]}}"#.utf8)
        #expect(try DICOMJSON.dataSet(from: text, limits: DICOMJSONLimits(elementsMax: 3)).count == 1)
        let error = #expect(throws: DICOMJSONError.self) {
            try DICOMJSON.dataSet(from: text, limits: DICOMJSONLimits(elementsMax: 2))
        }
        #expect(error?.code == .tooMany)
    }

    @Test("random changes to a text are read or refused, never more")
    func fuzzed() {
        var generator = SeededGenerator(seed: 99)
        let original = DICOMJSON.encode((0..<3).map { _ in RandomDataSet.make(&generator, depth: 2) })
        for _ in 0..<5000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            if let dataSets = try? DICOMJSON.dataSets(from: bytes) {
                #expect((try? DICOMJSON.dataSets(from: DICOMJSON.encode(dataSets))) == dataSets)
            }
        }
    }
}
