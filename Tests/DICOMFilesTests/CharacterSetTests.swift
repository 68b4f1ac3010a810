import DICOMFiles
import DICOMweb
import TestSupport
import Testing

@Suite("Specific Character Set")
struct CharacterSetTests {
    /// The patient's name as the file has it, decoded.
    private func name(_ bytes: [UInt8], _ characterSet: String?, tag: UInt32 = 0x0010_0010) throws -> [String] {
        var sample = SampleFile()
        if let characterSet { sample.text(0x0008_0005, "CS", characterSet) }
        sample.bytes(tag, tag == 0x0010_0010 ? "PN" : "LO", bytes, padding: 0x20)
        let file = try StoredFile(sample.file())
        return try DICOMObject(path: file.path).strings(Tag(tag))
    }

    static let oneByte: [(String, [UInt8], String)] = [
        ("ISO_IR 100", [0x42, 0x75, 0x63, 0x5E, 0x4A, 0xE9, 0x72, 0xF4, 0x6D, 0x65], "Buc^Jérôme"),
        ("ISO_IR 101", [0x57, 0x61, 0xB3, 0xEA, 0x73, 0x61], "Wałęsa"),
        ("ISO_IR 109", [0xE6, 0x75], "ĉu"),
        ("ISO_IR 110", [0xE0, 0x72], "ār"),
        ("ISO_IR 144", [0xBB, 0xEE, 0xDA], "Люк"),
        ("ISO_IR 127", [0xE2, 0xC8, 0xC7, 0xE6, 0xEA, 0x5E, 0xE4, 0xE6, 0xD2, 0xC7, 0xD1], "قباني^لنزار"),
        ("ISO_IR 126", [0xC4, 0xE9, 0xEF, 0xED, 0xF5, 0xF3, 0xE9, 0xEF, 0xF2], "Διονυσιος"),
        ("ISO_IR 138", [0xF9, 0xF8, 0xE5, 0xEF, 0x5E, 0xE3, 0xE1, 0xE5, 0xF8, 0xE4], "שרון^דבורה"),
        ("ISO_IR 148", [0xC7, 0x61, 0xFD], "Çaı"),
        ("ISO_IR 203", [0xA4, 0x31], "€1"),
        ("ISO_IR 166", [0xC2, 0xD2], "ยา"),
        ("ISO_IR 13", [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3], "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("ISO_IR 192", Array("王^小东=Wang^XiaoDong".utf8), "王^小东=Wang^XiaoDong"),
        ("GB18030", [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB], "王^小东"),
        ("GBK", [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB], "王^小东"),
    ]

    @Test("each set without code extensions", arguments: oneByte)
    func withoutExtensions(characterSet: String, bytes: [UInt8], expected: String) throws {
        #expect(try self.name(bytes, characterSet) == [expected])
    }

    static let extended: [(String, [UInt8], String)] = [
        // PS3.5 §H.3.1
        (
            "\\ISO 2022 IR 87",
            Array(
                "Yamada^Tarou=\u{1B}$B;3ED\u{1B}(B^\u{1B}$BB@O:\u{1B}(B=\u{1B}$B$d$^$@\u{1B}(B^\u{1B}$B$?$m$&\u{1B}(B"
                    .utf8
            ),
            "Yamada^Tarou=山田^太郎=やまだ^たろう"
        ),
        // PS3.5 §H.3.2: katakana in the upper half, back to the romaji set.
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3]
                + Array("=\u{1B}$B;3ED\u{1B}(J^\u{1B}$BB@O:\u{1B}(J".utf8),
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"
        ),
        // PS3.5 §I.2
        (
            "\\ISO 2022 IR 149",
            Array("Hong^Gildong=\u{1B}$)C".utf8) + [0xFB, 0xF3, 0x5E] + Array("\u{1B}$)C".utf8)
                + [0xD1, 0xCE, 0xD4, 0xD7],
            "Hong^Gildong=洪^吉洞"
        ),
        // PS3.5 §K.2
        (
            "\\ISO 2022 IR 58",
            Array("Zhang^XiaoDong=\u{1B}$)A".utf8) + [0xD5, 0xC5, 0x5E] + Array("\u{1B}$)A".utf8)
                + [0xD0, 0xA1, 0xB6, 0xAB],
            "Zhang^XiaoDong=张^小东"
        ),
        // The supplementary kanji set.
        ("\\ISO 2022 IR 159", Array("\u{1B}$(D\u{30}\u{21}\u{1B}(B".utf8), "丂"),
        // Two one-byte sets in one value.
        (
            "ISO 2022 IR 100\\ISO 2022 IR 144",
            [0xE9] + Array("\u{1B}-L".utf8) + [0xBB, 0xEE, 0xDA] + Array("\u{1B}-A".utf8) + [0xF4],
            "éЛюкô"
        ),
    ]

    @Test("each set with code extensions", arguments: extended)
    func withExtensions(characterSet: String, bytes: [UInt8], expected: String) throws {
        #expect(try self.name(bytes, characterSet) == [expected])
    }

    @Test("after a delimiter the first set is back in use")
    func delimiterResets() throws {
        let bytes = Array("\u{1B}-L".utf8) + [0xBB, 0x5E, 0xE9]
        #expect(try self.name(bytes, "ISO 2022 IR 100\\ISO 2022 IR 144") == ["Л^é"])
        let values = Array("\u{1B}-L".utf8) + [0xBB, 0x5C, 0xE9]
        #expect(try self.name(values, "ISO 2022 IR 100\\ISO 2022 IR 144", tag: 0x0010_1001) == ["Л", "é"])
    }

    @Test("a backslash byte within a two-byte character separates nothing")
    func trailByte() throws {
        // 0x8B5C is one character of GBK.
        let values = try self.name([0x8B, 0x5C, 0x41], "GBK", tag: 0x0010_1001)
        #expect(values.count == 1)
        #expect(values.first?.hasSuffix("A") == true)
    }

    static let fallbacks: [(String?, [UInt8], String)] = [
        (nil, Array("Müller".utf8), "Müller"),
        (nil, [0x4D, 0xFC], "Mü"),
        ("ISO_IR 999", [0x4D, 0xFC], "Mü"),
        ("", [0x4D, 0xFC], "Mü"),
        ("ISO_IR 192", [0x4D, 0xFC, 0x6C], "Mül"),
        ("ISO_IR_100", [0x4D, 0xFC], "Mü"),
        ("ISO-IR 144", [0xBB], "Л"),
        ("ISO_IR 166", [0xFF, 0xFE], "\u{FFFD}\u{FFFD}"),
        ("\\ISO 2022 IR 149", [0xFB, 0xF3], "洪"),
        ("\\ISO 2022 IR 87", [0x1B, 0x24, 0x42, 0x21], "!"),
    ]

    @Test("a missing or wrong declaration falls back and never fails", arguments: fallbacks)
    func fallback(characterSet: String?, bytes: [UInt8], expected: String) throws {
        #expect(try self.name(bytes, characterSet) == [expected])
    }

    @Test("random bytes in every set give valid UTF-8")
    func randomBytes() throws {
        var generator = SeededGenerator(seed: 20)
        for term in Self.oneByte.map(\.0) + Self.extended.map(\.0) {
            let bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var sample = SampleFile()
            sample.text(0x0008_0005, "CS", term)
            sample.bytes(0x0010_0010, "PN", bytes)
            let file = try StoredFile(sample.file())
            let json = try DICOMObject(path: file.path).json(.all)
            #expect(String(validating: json, as: UTF8.self) != nil, "\(term)")
            #expect(throws: Never.self, "\(term)") { try DICOMJSON.dataSet(from: json) }
        }
    }

    @Test("an item may declare its own set; without one it inherits")
    func nested() throws {
        var own = SampleFile(hasIdentity: false)
        own.text(0x0008_0005, "CS", "ISO_IR 144")
        own.bytes(0x0010_0010, "PN", [0xBB, 0x20])
        var inheriting = SampleFile(hasIdentity: false)
        inheriting.bytes(0x0010_0010, "PN", [0xE9, 0x20])
        var sample = SampleFile()
        sample.text(0x0008_0005, "CS", "ISO_IR 100")
        sample.sequence(0x0008_1110, [own, inheriting])
        let file = try StoredFile(sample.file())
        let json = String(decoding: try DICOMObject(path: file.path).json(.only([Tag(0x0008_1110)])), as: UTF8.self)
        #expect(
            json == #"{"00081110":{"vr":"SQ","Value":[{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"#
                + #""00100010":{"vr":"PN","Value":[{"Alphabetic":"Л"}]}},"#
                + #"{"00100010":{"vr":"PN","Value":[{"Alphabetic":"é"}]}}]}}"#
        )
    }
}
