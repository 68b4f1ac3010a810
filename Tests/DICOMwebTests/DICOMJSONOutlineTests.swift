import DICOMweb
import TestSupport
import Testing

@Suite("Outlines of DICOM JSON")
struct DICOMJSONOutlineTests {
    @Test("say where the first value of each attribute stands, the groups of a name apart")
    func places() throws {
        let text =
            #"{"00080020":{"vr":"DA","Value":["20240315","20240316"]},"00080050":{"vr":"SH"},"#
            + #""00081140":{"vr":"SQ","Value":[{"00100020":{"vr":"LO","Value":["inner"]}}]},"#
            + #""00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^J","Phonetic":"é"}]},"#
            + #""00201208":{"vr":"IS","Value":[12]}}"#
        let outline = try #require(DICOMJSONOutline(Array(text.utf8)))
        func texts(_ tag: DICOMweb.Tag) -> [String] {
            outline.places(of: tag).map { String(decoding: outline.bytes[$0.range], as: UTF8.self) }
        }
        #expect(texts(.studyDate) == ["20240315"])
        #expect(texts(.patientName) == ["Doe^J", "é"])
        #expect(outline.places(of: .patientName).map(\.group) == [.alphabetic, .phonetic])
        #expect(texts(.numberOfStudyRelatedInstances) == ["12"])
        #expect(texts(.accessionNumber).isEmpty)
        #expect(texts(.patientID).isEmpty)
        #expect(outline.dataSet == (try DICOMJSON.dataSet(from: outline.bytes)))
        let members = outline.elements.map { String(decoding: outline.bytes[$0.range], as: UTF8.self) }
        #expect("{" + members.joined(separator: ",") + "}" == text)
        #expect(outline.elements.map(\.tag.hex) == ["00080020", "00080050", "00081140", "00100010", "00201208"])
    }

    @Test(
        "there are none of what has to be read",
        arguments: [
            "", "{", "[]", "{}x", #"{ }"#, #"{"00080020":{"vr":"DA","Value":["20240315"]}} "#,
            #"{"00080020":{"vr":"DA","Value":["a\"b"]}}"#, #"{"00080020":{"vr":"DA","Value":[null]}}"#,
            #"{"00080020":{"vr":"DA","Value":[]}}"#, #"{"00080020":{"Value":["1"],"vr":"DA"}}"#,
            #"{"00080020":{"vr":"XX","Value":["1"]}}"#, #"{"0008002g":{"vr":"DA"}}"#,
            #"{"00080020":{"vr":"DA"},"00080020":{"vr":"DA"}}"#, #"{"00080030":{"vr":"TM"},"00080020":{"vr":"DA"}}"#,
            #"{"00280010":{"vr":"US","Value":["x"]}}"#, #"{"00280010":{"vr":"US","Value":[012]}}"#,
            #"{"00280010":{"vr":"US","Value":[1.5]}}"#, #"{"00280010":{"vr":"US","Value":[1234567890123456]}}"#,
            #"{"00100010":{"vr":"PN","Value":["Doe"]}}"#, #"{"00100010":{"vr":"PN","Value":[{}]}}"#,
            #"{"00100010":{"vr":"PN","Value":[{"Phonetic":"a","Alphabetic":"b"}]}}"#,
            #"{"7FE00010":{"vr":"OW","BulkDataURI":"x"}}"#, #"{"00081140":{"vr":"SQ","Value":["x"]}}"#,
        ]
    )
    func none(_ text: String) {
        #expect(DICOMJSONOutline(Array(text.utf8)) == nil)
    }

    @Test("there are none of bytes that are not UTF-8")
    func invalidText() {
        var bytes = Array(#"{"00080020":{"vr":"DA","Value":["é"]}}"#.utf8)
        #expect(DICOMJSONOutline(bytes) != nil)
        bytes.removeAll { $0 == 0xA9 }
        #expect(DICOMJSONOutline(bytes) == nil)
    }

    @Test("whatever has one can be read, however a text is cut or changed")
    func readable() throws {
        let text =
            #"{"00080020":{"vr":"DA","Value":["20240315"]},"00081140":{"vr":"SQ","Value":[{},{"00081155":{"vr":"UI","#
            + #""Value":["1.2"]}}]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doé","Phonetic":"x"}]},"#
            + #""00280010":{"vr":"US","Value":[512,0]}}"#
        let bytes = Array(text.utf8)
        var count = 0
        func check(_ changed: [UInt8]) throws {
            guard DICOMJSONOutline(changed) != nil else { return }
            count += 1
            _ = try DICOMJSON.dataSet(from: changed)
        }
        for index in bytes.indices {
            try check(Array(bytes[..<index]))
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: "0"), UInt8(ascii: "A"), 0xC3, 0x80, 0x00]
            {
                var changed = bytes
                changed[index] = byte
                try check(changed)
                changed.remove(at: index)
                try check(changed)
            }
        }
        #expect(count > 100)
    }
}
