import DICOMweb
import TestSupport
import Testing

@Suite("DICOM JSON")
struct DICOMJSONTests {
    @Test(
        "what is written as the model has it comes back as it was",
        arguments: [
            #"{}"#,
            #"{"00080020":{"vr":"DA"}}"#,
            #"{"00080020":{"vr":"DA","Value":["20240315"]}}"#,
            #"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Yamada^Tarou","Ideographic":"山田^太郎","Phonetic":"やまだ"}]}}"#,
            #"{"00100010":{"vr":"PN","Value":[{"Phonetic":"x"},null]}}"#,
            #"{"00280010":{"vr":"US","Value":[512]},"00281050":{"vr":"DS","Value":["40.50",-1.5,7]}}"#,
            #"{"00081140":{"vr":"SQ","Value":[{},{"00081155":{"vr":"UI","Value":["1.2"]}}]}}"#,
            #"{"00080008":{"vr":"CS","Value":["ORIGINAL",null,"AXIAL"]}}"#,
            #"{"7FE00010":{"vr":"OW","BulkDataURI":"bulkdata/7FE00010"}}"#,
            #"{"00282000":{"vr":"OB","InlineBinary":"AAECAw=="}}"#,
            #"{"00091002":{"vr":"UV","Value":[18446744073709551615]},"00091003":{"vr":"SV","Value":[-9223372036854775808]}}"#,
            #"{"00091001":{"vr":"FD","Value":["NaN","inf","-inf",1e+300]}}"#,
            #"{"00204000":{"vr":"LT","Value":["a\"b\\c\nd\re\tf\u0001 é"]}}"#,
        ]
    )
    func roundTrip(_ text: String) throws {
        let dataSet = try DICOMJSON.dataSet(from: Array(text.utf8))
        #expect(String(decoding: DICOMJSON.encode(dataSet), as: UTF8.self) == text)
    }

    @Test("a list comes back as it was, and an empty one is none")
    func list() throws {
        let text = #"[{"00080020":{"vr":"DA"}},{}]"#
        let dataSets = try DICOMJSON.dataSets(from: Array(text.utf8))
        #expect(dataSets.count == 2)
        #expect(String(decoding: DICOMJSON.encode(dataSets), as: UTF8.self) == text)
        #expect(try DICOMJSON.dataSets(from: Array(" [ ] ".utf8)).isEmpty)
        #expect(String(decoding: DICOMJSON.encode([DataSet]()), as: UTF8.self) == "[]")
    }

    @Test("the representation may come after the values")
    func lateRepresentation() throws {
        let text = """
            { "00081140" : { "Value" : [ { "00100010" : { "Value" : [ { "Alphabetic" : "A" } ] , "vr" : "PN" } } ] ,
              "vr" : "SQ" } , "00100020" : { "Value" : [ "1" ] , "vr" : "LO" } }
            """
        let dataSet = try DICOMJSON.dataSet(from: Array(text.utf8))
        #expect(dataSet.items(.referencedImageSequence).first?.personName(.patientName)?.alphabetic == "A")
        #expect(dataSet.string(.patientID) == "1")
    }

    @Test("escapes, surrogate pairs among them, are characters")
    func escapes() throws {
        let text = #"{"00204000":{"vr":"LT","Value":["\u0041\u00e9\ud83d\ude00\/\b\f"]}}"#
        let dataSet = try DICOMJSON.dataSet(from: Array(text.utf8))
        #expect(dataSet.string(.imageComments) == "Aé😀/\u{8}\u{C}")
    }

    @Test("numbers may be text and names may be text, as older servers write them")
    func lenient() throws {
        let text =
            #"{"00280010":{"vr":"US","Value":["512"]},"00100010":{"vr":"PN","Value":["A^B=C"]},"00091001":{"vr":"UN"}}"#
        let dataSet = try DICOMJSON.dataSet(from: Array(text.utf8))
        #expect(dataSet[.rows]?.values == [.integer(512)])
        #expect(dataSet.personName(.patientName) == PersonName(alphabetic: "A^B", ideographic: "C"))
    }

    @Test("members of an attribute that the model does not have are passed over")
    func unknownMembers() throws {
        let text = #"{"00100020":{"note":{"a":[1,{"b":null}],"c":true},"vr":"LO","Value":["1"]}}"#
        #expect(try DICOMJSON.dataSet(from: Array(text.utf8)).string(.patientID) == "1")
    }

    @Test("random data sets come back as they were")
    func random() throws {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<200 {
            let dataSet = RandomDataSet.make(&generator, depth: 3)
            let encoded = DICOMJSON.encode(dataSet)
            #expect(try DICOMJSON.dataSet(from: encoded) == dataSet)
        }
    }
}

/// Made-up data sets of every representation.
enum RandomDataSet {
    static func make(_ generator: inout SeededGenerator, depth: Int) -> DataSet {
        var dataSet = DataSet()
        for _ in 0..<Int.random(in: 0...8, using: &generator) {
            let tag = Tag(UInt32.random(in: 0x0008_0000...0x7FE0_FFFF, using: &generator))
            let vr = VR.allCases.randomElement(using: &generator) ?? .LO
            dataSet[tag] = Self.element(vr, &generator, depth: depth)
        }
        return dataSet
    }

    private static func element(_ vr: VR, _ generator: inout SeededGenerator, depth: Int) -> Element {
        if vr.isBinary {
            let bytes = (0..<Int.random(in: 0...70, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return Element(vr: vr, content: Bool.random(using: &generator) ? .inlineBinary(bytes) : .bulkDataURI("b/1"))
        }
        let count = Int.random(in: 0...3, using: &generator)
        return Element(vr: vr, values: (0..<count).map { _ in Self.value(vr, &generator, depth: depth) })
    }

    private static func value(_ vr: VR, _ generator: inout SeededGenerator, depth: Int) -> Value {
        switch vr {
        case .SQ: .item(depth > 0 ? Self.make(&generator, depth: depth - 1) : DataSet())
        case .PN: .personName(PersonName(alphabetic: Self.text(&generator) + "x", phonetic: "p"))
        case .FD, .FL: .real(Double(Int.random(in: -9...9, using: &generator)) / 8)
        case .US, .SS, .UL, .SL, .SV, .UV: .integer(Int64.random(in: -99...99, using: &generator))
        default: Bool.random(using: &generator) ? .string(Self.text(&generator)) : .null
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let letters: [Character] = ["a", "\"", "\\", "\n", "\u{1}", "é", "山", "😀", "/", "\u{7F}", "=", "^"]
        return String(
            (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                letters.randomElement(using: &generator) ?? "a"
            }
        )
    }
}
