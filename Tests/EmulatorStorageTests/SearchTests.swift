import DICOMweb
@testable import EmulatorStorage
import NIOCore
import Testing

@Suite("Search")
struct SearchTests {
    @Test("finds by the exact value of each key and by nothing less", arguments: SearchKey.allCases)
    func exact(key: SearchKey) async throws {
        try await ArchiveFixture.with { fixture in
            let wanted = TestObject(
                study: 2,
                patientName: "Roe^Jane",
                patientID: "P2",
                accessionNumber: "A2",
                referringPhysicianName: "Poe^Max",
                studyDate: "20250101",
                modality: "MR"
            )
            try await fixture.put(TestObject())
            try await fixture.put(wanted)
            let value = try #require(wanted.value(key))
            let found = try await fixture.search(.instance, [.equals(key, value)])
            let shorter = try await fixture.search(.instance, [.equals(key, String(value.dropLast()))])
            let padded = try await fixture.search(.instance, [.equals(key, value + " ")])
            let upper = try await fixture.search(.instance, [.equals(key, value + "*")])
            #expect(found.map { $0.string(.sopInstanceUID) } == [wanted.instanceUID])
            #expect(shorter.isEmpty)
            #expect(padded.count == 1)
            #expect(upper.isEmpty)
        }
    }

    @Test(
        "finds study dates between two bounds, both included",
        arguments: [
            (nil, nil, ["20251231", "20260101", "20260131", "20260201"]),
            ("20260101", "20260131", ["20260101", "20260131"]),
            ("20260102", "20260131", ["20260131"]),
            (nil, "20260101", ["20251231", "20260101"]),
            ("20260201", nil, ["20260201"]),
            ("20260131", "20260101", []),
        ] as [(String?, String?, [String])]
    )
    func dates(from: String?, through: String?, expected: [String]) async throws {
        try await ArchiveFixture.with { fixture in
            for (study, date) in ["20260131", "20260101", nil, "2026.01.02", "20251231", "20260201"].enumerated() {
                try await fixture.put(TestObject(study: study + 1, studyDate: date))
            }
            let found = try await fixture.search(.study, [.studyDate(from: from, through: through)])
            #expect(found.map { $0.string(.studyDate) } == expected)
        }
    }

    @Test(
        "finds a name by the beginnings of its words",
        arguments: [
            ("jo", true), ("Do", true), ("John Doe", true), ("doe^john", true), ("DÖE", true), ("j d", true),
            ("ohn", false), ("Doe Jane", false), ("", false), ("^", false), ("do\u{10FFFF}", true), ("_", false),
        ]
    )
    func fuzzy(text: String, isFound: Bool) async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject(patientName: "Doe^John^Johannes"))
            try await fixture.put(TestObject(study: 2, patientName: "Roe^Jane"))
            let found = try await fixture.search(.study, [.fuzzyPatientName(text)])
            #expect(found.map { $0.string(.studyInstanceUID) } == (isFound ? ["1.2.3.1"] : []))
        }
    }

    @Test("compares the alphabetic group of a name, or all groups where they are given")
    func nameGroups() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject(patientName: "Yamada^Tarou=山田^太郎=やまだ^たろう"))
            let counts = [
                try await fixture.search(.study, [.equals(.patientName, "Yamada^Tarou")]).count,
                try await fixture.search(.study, [.equals(.patientName, "Yamada^Tarou=山田^太郎=やまだ^たろう")]).count,
                try await fixture.search(.study, [.equals(.patientName, "Yamada^Tarou=山田^太郎")]).count,
                try await fixture.search(.study, [.equals(.patientName, "山田^太郎")]).count,
                try await fixture.search(.study, [.fuzzyPatientName("山")]).count,
            ]
            #expect(counts == [1, 1, 0, 0, 1])
        }
    }

    @Test("returns the default attributes of the level and those above, and more on request")
    func attributes() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            let study = try await fixture.search(.study)[0]
            let series = try await fixture.search(.series)[0]
            let instance = try await fixture.search(.instance)[0]
            let allStudy = try await fixture.search(.study, include: .all)[0]
            let allSeries = try await fixture.search(.series, include: .all)[0]
            let field = try await fixture.search(.study, include: .fields([Tag(0x0008, 0x1030)]))[0]
            let comment = try await fixture.search(.instance, include: .fields([Tag(0x0020, 0x4000)]))[0]

            let studyTags = tags("00080005 00080020 00080050 00080090 00100010 00100020 0020000D")
            let seriesTags = tags("00080060 0008103E 0020000E")
            let instanceTags = tags("00080016 00080018 00200013 00280010 00280011 00280100")
            #expect(study.tags == studyTags)
            #expect(series.tags == (studyTags + seriesTags).sorted())
            #expect(instance.tags == (studyTags + seriesTags + instanceTags).sorted())
            #expect(allStudy.tags == (studyTags + tags("00081030")).sorted())
            #expect(allSeries.tags == (studyTags + seriesTags + tags("00081030 00080021")).sorted())
            #expect(field.tags == (studyTags + tags("00081030")).sorted())
            #expect(comment.tags == (instance.tags + tags("00204000")).sorted())
        }
    }

    @Test("returns the whole metadata of an instance on request, with URIs below the root")
    func wholeInstance() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            let root = "http://127.0.0.1:8085/v1/x/dicomWeb"
            var search = ArchiveSearch(store: fixture.store, level: .instance, include: .all, dicomWebRoot: root)
            let found = try await fixture.archive.search(search, bytesMax: .max).objects
            let metadata = try await fixture.archive.metadata(
                TestObject().scope(in: fixture.store).instance,
                dicomWebRoot: search.dicomWebRoot
            )
            search.include = .fields([.pixelData])
            let pixels = try await fixture.archive.search(search, bytesMax: .max).objects.map {
                try DICOMJSON.dataSet(from: $0)
            }
            let path = "studies/1.2.3.1/series/1.2.3.1.1/instances/1.2.3.1.1.1/bulkdata/7FE00010"
            let uri = "\(search.dicomWebRoot)/\(path)"
            #expect(found == [Array(metadata.json.readableBytesView)])
            #expect(try DICOMJSON.dataSet(from: found[0])[.pixelData]?.content == .bulkDataURI(uri))
            #expect(pixels[0][.pixelData]?.content == .bulkDataURI(uri))
        }
    }

    @Test("keeps what the first instance of a study and series said of them")
    func firstInstance() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            try await fixture.put(TestObject(instance: 2, patientName: "Roe^Jane", modality: "MR"))
            let studies = try await fixture.search(.study)
            let series = try await fixture.search(.series)
            let other = try await fixture.search(.study, [.equals(.patientName, "Roe^Jane")])
            #expect(studies.map { $0.personName(.patientName)?.alphabetic } == ["Doe^John"])
            #expect(series.map { $0.string(.modality) } == ["CT"])
            #expect(other.isEmpty)
        }
    }

    @Test("pages are parts of one order")
    func pages() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.archive.importSynthetic(
                SyntheticContent(studies: 0..<5, seriesPerStudy: 2, instancesPerSeries: 3),
                into: fixture.store
            )
            for level in SearchLevel.allCases {
                let all = try await fixture.search(level)
                var paged: [DataSet] = []
                while paged.count < all.count {
                    let page = try await fixture.search(level, limit: 4, offset: paged.count)
                    try #require(!page.isEmpty)
                    paged += page
                }
                let beyond = try await fixture.search(level, limit: 4, offset: all.count)
                #expect(paged == all)
                #expect(beyond.isEmpty)
            }
            let counts = [
                try await fixture.search(.study).count, try await fixture.search(.series).count,
                try await fixture.search(.instance).count,
            ]
            #expect(counts == [5, 10, 30])
        }
    }

    @Test("parts that end by their bytes make up the whole, without what was deleted meanwhile")
    func parts() async throws {
        try await ArchiveFixture.with { fixture in
            for instance in 1...5 {
                try await fixture.put(TestObject(instance: instance))
            }
            let search = ArchiveSearch(store: fixture.store, level: .instance, include: .all, dicomWebRoot: "")
            let whole = try await fixture.archive.search(search, bytesMax: .max)
            var page = try await fixture.archive.search(search, bytesMax: 1)
            var sizes = [page.objects.count]
            var objects = page.objects
            while let cursor = page.next {
                page = try await fixture.archive.search(after: cursor, bytesMax: 1)
                sizes.append(page.objects.count)
                objects += page.objects
            }
            #expect(whole.next == nil)
            #expect(objects == whole.objects)
            #expect(sizes == [1, 1, 1, 1, 1])
            let first = try await fixture.archive.search(search, bytesMax: 1)
            try await fixture.archive.delete(TestObject(instance: 3).scope(in: fixture.store).instance)
            let cursor = try #require(first.next)
            let rest = try await fixture.archive.search(after: cursor, bytesMax: .max)
            #expect(rest.objects == [whole.objects[1], whole.objects[3], whole.objects[4]])
        }
    }

    @Test("a store that is not there is an error, another store's studies are not found")
    func stores() async throws {
        try await ArchiveFixture.with { fixture in
            try await fixture.put(TestObject())
            let other = try storeName("other")
            try await fixture.archive.createStore(other, body: [])
            let search = ArchiveSearch(store: other, level: .study, dicomWebRoot: "")
            let found = try await fixture.archive.search(search, bytesMax: .max).objects
            #expect(found.isEmpty)
            let missing = ArchiveSearch(store: try storeName("nowhere"), level: .study, dicomWebRoot: "")
            await #expect(throws: ArchiveError.storeNotFound) {
                _ = try await fixture.archive.search(missing, bytesMax: .max)
            }
        }
    }

    private func tags(_ text: String) -> [DICOMTag] {
        text.split(separator: " ").compactMap { DICOMTag(hex: $0) }
    }
}

extension TestObject {
    func value(_ key: SearchKey) -> String? {
        switch key {
        case .studyInstanceUID: self.studyUID
        case .seriesInstanceUID: self.seriesUID
        case .sopInstanceUID: self.instanceUID
        default: self.keys.first { $0.0 == key }?.1
        }
    }
}
