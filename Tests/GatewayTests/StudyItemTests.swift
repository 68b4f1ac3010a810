import Catalog
import CollimatorCore
import DICOMweb
import Testing

@testable import Gateway

@Suite("Studies as items of a list")
struct StudyItemTests {
    private static let texts = [
        "", " ", "plain", " padded ", "a\"b\\c", "tab\there", "Grün ", " Éa", " \u{301}a", "a\u{600} ", "ends\u{301} ",
        "7",
    ]
    private static let dates = [
        "", "20260105", " 20260105 ", "2026.01.05", "20260229", "20240229", "20240230", "20261301", "2026", "unknown",
        "09990101", "20260100", "20260132", "2026010é",
    ]
    private static let times = [
        "", "10", "1030", "103000", "103000.5", "103000.000", "103000.1234567", "10:30:00", "250000", "1060", "1061",
        "103060", "103061", "103000.", "1", "103000.1x", " 103000 ",
    ]
    private static let names = [
        "", "^", "==", "Doe", "Doe^Jane", "Doe^Jane^Q^Dr^Jr", "^Jane", "^^Q", " Doe ^ Jane ",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "=김^희중", "Иванов^Анна", "Παπαδόπουλος^Ελένη", "כהן^דוד", "Doe^\u{301}Jane", "Doe\u{301}^Jane", "ﾔﾏﾀﾞ^ﾀﾛｳ",
        "\u{600}^Jane", "=か\u{3099}^た", "O'Neil^\"Al\"", "A\u{30A}^B=^=x", " ^ ",
    ]

    @Test("an item of a list is what the study itself shows, to the byte, whatever its attributes are")
    func same() async throws {
        let radiology = try #require(StoreName("radiology"))
        let store = try TemporaryCatalog.store()
        try await store.prepare()
        try await store.put(try Self.entries(), in: radiology)
        let page = try await store.search(
            StudyQuery(stores: [radiology], visibility: .everything, limit: 1_000)
        )
        #expect(page.studies.count == (try Self.entries().count))
        #expect(page.studies.contains { $0.outline == nil })
        let listed = StudyItemWriter.list(page.studies).encoded()
        let expected = JSONValue.array(page.studies.map { StudyBody.json($0) }).encoded()
        #expect(String(decoding: listed, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
        #expect(StudyItemWriter.list([]).encoded() == Array("[]".utf8))
    }

    @Test("most of the items are copied and not made anew")
    func copied() async throws {
        let radiology = try #require(StoreName("radiology"))
        let store = try TemporaryCatalog.store()
        try await store.prepare()
        var study = Sample.study()
        study.set(.studyDescription, "Schädel")
        study.set(.patientName, "Müller^Änne=山田^太郎")
        try await store.put([try StudyEntry(study)], in: radiology)
        let found = try await store.search(StudyQuery(stores: [radiology], visibility: .everything, limit: 1)).studies
        #expect(StudyItemWriter.copy(try #require(found.first)) != nil)
    }

    /// Every kind of value at every attribute that is shown, the others as they usually are.
    static func entries() throws -> [StudyEntry] {
        var sets: [DataSet] = []
        func vary(_ tag: DICOMweb.Tag, _ values: [String]) {
            for value in values {
                var set = Sample.study(uid: "1.2.3.\(sets.count)")
                set.set(tag, value)
                sets.append(set)
            }
        }
        for tag in [
            DICOMweb.Tag.patientID, .issuerOfPatientID, .patientSex, .timezoneOffsetFromUTC, .studyDescription,
            .accessionNumber,
        ] { vary(tag, self.texts) }
        for tag in [DICOMweb.Tag.studyDate, .patientBirthDate] { vary(tag, self.dates) }
        vary(.studyTime, self.times)
        for tag in [DICOMweb.Tag.patientName, .referringPhysicianName] { vary(tag, self.names) }
        // What a server gave in another form than the dictionary's.
        for (tag, vr, value) in [
            (DICOMweb.Tag.patientName, VR.LO, "Doe^Jane=x"), (.patientID, .PN, "Doe^Jane"),
            (.studyDescription, .SQ, ""),
        ] {
            var set = Sample.study(uid: "1.2.3.\(sets.count)")
            set.set(tag, vr: vr, values: vr == .SQ ? [.item(Sample.study())] : [.string(value)])
            sets.append(set)
        }
        var number = Sample.study(uid: "1.2.3.\(sets.count)")
        number.set(.accessionNumber, vr: .IS, values: [.integer(77)])
        sets.append(number)
        return try sets.enumerated().map { index, set in
            let series = (0..<(index % 3)).map { number in
                (
                    attributes: Sample.series(uid: "1.2.4.\(index).\(number)", modality: ["CT", "M\"R"][number]),
                    instanceCount: number == 0 ? 3 : nil
                )
            }
            return try StudyEntry(set, series: series)
        }
    }
}
