import Catalog
import CollimatorCore
import DICOMweb
import Testing

@testable import Gateway

@Suite("Studies as rows of a search")
struct SearchRowTests {
    private static let root = "http://x:8080/dicomweb/radiology"

    private static func selection(_ text: String?) throws -> FieldSelection {
        try FieldSelection(parsing: text.map { [$0] } ?? [])
    }

    private static func studies(_ entries: [StudyEntry]) async throws -> [CatalogStudy] {
        let radiology = try #require(StoreName("radiology"))
        let store = try TemporaryCatalog.store()
        try await store.prepare()
        try await store.put(entries, in: radiology)
        return try await store.search(
            StudyQuery(stores: [radiology], visibility: .everything, limit: 1_000)
        ).studies
    }

    /// What a server may say of a study beyond what is shown of it in a list.
    private static func more() throws -> [StudyEntry] {
        var sets: [DataSet] = []
        func add(_ change: (inout DataSet) -> Void) {
            var set = Sample.study(uid: "1.2.5.\(sets.count)")
            change(&set)
            sets.append(set)
        }
        add { $0.set(.instanceAvailability, "ONLINE") }
        add { $0.set(.instanceAvailability, "OFFLINE") }
        add { $0.set(.retrieveURI, "http://elsewhere/x") }
        add { $0.set(.retrieveURL, "http://elsewhere/x") }
        add { $0.set(.specificCharacterSet, "ISO_IR 100") }
        add { $0.set(.modalitiesInStudy, values: [.string("CT"), .string("SR")]) }
        add { $0.set(.numberOfStudyRelatedInstances, vr: .IS, values: [.integer(12)]) }
        add { $0.set(.procedureCodeSequence, items: [Sample.series(), Sample.instance()]) }
        add { $0.set(.procedureCodeSequence, items: []) }
        add { set in for entry in set.entries { set.remove(entry.tag) } }
        var entries = try sets.enumerated().map { index, set in
            var set = set
            set.set(.studyInstanceUID, "1.2.5.\(index)")
            return try StudyEntry(set)
        }
        // Nobody has asked for the series.
        for index in entries.indices { entries[index].series = nil }
        return entries
    }

    @Test(
        "a row that is copied is the row that is made, to the byte",
        arguments: [
            nil, "all", "00081030,00080060,PatientSize", "ProcedureCodeSequence", "ProcedureCodeSequence.CodeValue",
            "RetrieveURL,InstanceAvailability,00081190", "0040E010,ModalitiesInStudy",
        ]
    )
    func same(fields: String?) async throws {
        let rows = SearchRow(fields: try Self.selection(fields), root: Self.root)
        let writer = SearchRowWriter(rows)
        for study in try await Self.studies(StudyItemTests.entries() + Self.more()) {
            var written: [UInt8] = []
            writer.write(study, to: &written)
            let made = DICOMJSON.encode(rows.study(study))
            #expect(String(decoding: written, as: UTF8.self) == String(decoding: made, as: UTF8.self))
        }
    }

    @Test("what is usual is copied, and what is not is left as it was found", arguments: [nil, "all"])
    func copied(fields: String?) async throws {
        let writer = SearchRowWriter(SearchRow(fields: try Self.selection(fields), root: Self.root))
        let usual = try #require(try await Self.studies([try StudyEntry(Sample.study())]).first)
        var output = Array("x".utf8)
        let isCopied = writer.copy(usual, to: &output)
        #expect(isCopied && output.count > 500)

        var set = Sample.study()
        set.set(.instanceAvailability, "NEARLINE")
        let other = try #require(try await Self.studies([try StudyEntry(set)]).first)
        output = Array("x".utf8)
        let isOtherCopied = writer.copy(other, to: &output)
        #expect(!isOtherCopied && output == Array("x".utf8))
    }

    @Test("a row of a study of which some series are seen says so many")
    func narrowed() async throws {
        let entry = try StudyEntry(
            Sample.study(),
            series: [(Sample.series(), 2), (Sample.series(uid: "1.2.7", modality: "SR"), 1)]
        )
        let study = try #require(try await Self.studies([entry]).first)
        let seen = study.narrowed(to: [try #require(SeriesUID("1.2.7"))], of: try #require(entry.series))
        let rows = SearchRow(fields: try Self.selection("all"), root: Self.root)
        var written: [UInt8] = []
        let isCopied = SearchRowWriter(rows).copy(seen, to: &written)
        #expect(isCopied)
        #expect(written == DICOMJSON.encode(rows.study(seen)))
        #expect(try DICOMJSON.dataSet(from: written).strings(.modalitiesInStudy) == ["SR"])
    }
}
