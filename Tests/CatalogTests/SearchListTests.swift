import Catalog
import CollimatorCore
import DICOMweb
import Persistence
import TestSupport
import Testing

@Suite("Lists of studies")
struct SearchListTests {
    @Test(
        "a name is found by what a person would type",
        arguments: [
            ("Παπαδόπουλος^Γιώργος", "παπαδοπουλος"), ("Παπαδόπουλος^Γιώργος", "Γιώργ"), ("Ёлкин^Иван", "елкин"),
            ("Ёлкин^Иван", "иван ёл"), ("שרון^דבורה", "דבורה"), ("Hong^Gildong=洪^吉洞=홍^길동", "홍"),
            ("Hong^Gildong=洪^吉洞=홍^길동", "길동"), ("Hong^Gildong=洪^吉洞=홍^길동", "洪"), ("Hong^Gildong=洪^吉洞=홍^길동", "gil"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田"), ("Yamada^Tarou=山田^太郎=やまだ^たろう", "たろう"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada 太郎"), ("𠮷田^花子", "𠮷"), ("Müller^Jörg", "muller"),
            ("Muller^Jorg", "MÜLLER jörg"), ("O'Brien^Mary-Ann", "obrien"), ("O'Brien^Mary-Ann", "o'brien"),
            ("O'Brien^Mary-Ann", "brien maryann"), ("Łukasz^Ñandú", "nandu"), ("D’Angelo^Zoë", "d'angelo zoe"),
            ("Kim^Cheolsu=金^哲秀=김^철수", "김철수"), ("Kim^Cheolsu=金^哲秀=김^철수", "金哲"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田太郎"), ("Yamada^Tarou=山田^太郎=ﾔﾏﾀﾞ^ﾀﾛｳ", "やまだたろう"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "ヤマダ"), ("Łukasz^Jan", "lukasz"), ("Sørensen^Bjørn", "bjorn sorensen"),
        ]
    )
    func scripts(name: String, typed: String) async throws {
        try await withCatalog { store, _ in
            let radiology = try #require(StoreName("radiology"))
            try await store.put(
                [.made("1.2.1", [(.patientName, name)]), .made("1.2.2", [(.patientName, "Other^Person")])],
                in: radiology
            )

            for condition in [StudyCondition.words(.patientName, [typed]), .text([typed])] {
                let page = try await store.search(
                    StudyQuery(stores: [radiology], conditions: [condition], limit: 10)
                )
                #expect(page.studies.map(\.study.rawValue) == ["1.2.1"], "\(condition)")
            }
        }
    }

    @Test(
        "an identifier is found whole, by its beginning and by each of its parts",
        arguments: [
            "MRN-0077", "mrn-00", "mrn0077", "0077", "ACC.12/3", "acc", "12", "hospital", "s 5", "mrn-0077 acc.12",
        ]
    )
    func identifiers(typed: String) async throws {
        try await withCatalog { store, _ in
            let radiology = try #require(StoreName("radiology"))
            let attributes: [(DICOMweb.Tag, String)] = [
                (.patientID, "MRN-0077"), (.accessionNumber, "ACC.12/3"), (.issuerOfPatientID, "HOSPITAL"),
                (.studyID, "S 5"),
            ]
            try await store.put([.made("1.2.1", attributes), .made("1.2.2", [(.patientID, "X9")])], in: radiology)

            let query = StudyQuery(stores: [radiology], conditions: [.text([typed])], limit: 10)
            let page = try await store.search(query)

            #expect(page.studies.map(\.study.rawValue) == ["1.2.1"])
        }
    }

    @Test("rows that arrive and leave between pages neither repeat nor hide others", arguments: StudyOrder.Key.allCases)
    func moving(key: StudyOrder.Key) async throws {
        try await withCatalog { store, _ in
            let names = try ["radiology", "trial"].map { try #require(StoreName($0)) }
            func entry(_ index: Int, _ name: String) throws -> StudyEntry {
                try .made("1.2.\(index)", [(.patientName, name), (.studyDate, "202601\(10 + index % 20)")])
            }
            for index in 1...60 { try await store.put([entry(index, "N\(index % 7)")], in: names[index % 2]) }
            let staying = Set((1...60).filter { $0 % 5 != 0 }.map { "1.2.\($0)" })

            var query = StudyQuery(stores: names, order: StudyOrder(key, isDescending: true), limit: 7)
            var found: [String] = []
            var arrived = 100
            repeat {
                let page = try await store.search(query)
                found += page.studies.map(\.study.rawValue)
                query.after = page.next
                // What leaves may be the very study that the position names.
                for study in page.studies.suffix(2) where !staying.contains(study.study.rawValue) {
                    try await store.remove(study.study, from: study.store)
                }
                try await store.put([entry(arrived, "N3")], in: names[0])
                arrived += 1
            } while query.after != nil && found.count < 500

            #expect(found.count == Set(found).count, "none came twice")
            #expect(staying.isSubset(of: found), "none was passed over")
        }
    }

    @Test("studies that an offset passes over in a list of everything are not looked at", arguments: [true, false])
    func offsets(isDescending: Bool) async throws {
        var effort = SearchEffort()
        effort.examinedMax = 200
        try await withCatalog(effort: effort) { store, _ in
            let radiology = try #require(StoreName("radiology"))
            // Several of each day, so that equal days are told apart by more than the day.
            try await store.put(
                (1...300).map { try .made("1.2.\($0)", [(.studyDate, "202601\(10 + $0 % 7)")]) },
                in: radiology
            )
            var query = StudyQuery(
                stores: [radiology],
                order: StudyOrder(.moment, isDescending: isDescending),
                limit: 40
            )
            var all: [StudyUID] = []
            repeat {
                let page = try await store.search(query)
                all += page.studies.map(\.study)
                query.after = page.next
            } while query.after != nil
            #expect(Set(all).count == 300)

            for offset in [1, 39, 250, 295, 299, 300, 1_000] {
                query.offset = offset
                let page = try await store.search(query)
                #expect(page.studies.map(\.study) == Array(all.dropFirst(offset).prefix(40)), "\(offset)")
                #expect((page.next != nil) == (offset + 40 < 300))
                #expect(page.total == .exact(300))
            }
        }
    }

    @Test("a search that looks at too many studies is refused, a count of them is a lower bound")
    func bounded() async throws {
        var effort = SearchEffort()
        effort.examinedMax = 100
        effort.examinedForTotalMax = 20
        effort.candidatesMax = 10
        try await withCatalog(effort: effort) { store, _ in
            let radiology = try #require(StoreName("radiology"))
            try await store.put((1...300).map { try .made("1.2.\($0)", [(.patientName, "A\($0)")]) }, in: radiology)
            let pattern = try #require(WildcardPattern("*zz"))

            let error = await #expect(throws: CollimatorError.self) {
                try await store.search(
                    StudyQuery(
                        stores: [radiology],
                        conditions: [.attribute(AttributeMatch(path: [.bodyPartExamined], test: .pattern(pattern)))],
                        limit: 10
                    )
                )
            }
            let page = try await store.search(
                StudyQuery(stores: [radiology], conditions: [.words(.patientName, ["a"])], limit: 10)
            )
            #expect(error?.code == .unprocessable)
            guard case .atLeast(let count) = page.total else { return #expect(Bool(false), "the total is exact") }
            #expect((10...20).contains(count))
        }
    }

    @Test("an exact total ends at its time, and is a lower bound then")
    func exactTotal() async throws {
        var effort = SearchEffort()
        effort.exactTotalTime = .zero
        effort.candidatesMax = 0
        try await withCatalog(effort: effort) { store, _ in
            let radiology = try #require(StoreName("radiology"))
            let attributes: [(DICOMweb.Tag, String)] = [(.patientName, "A"), (.bodyPartExamined, "X")]
            try await store.put((1...30).map { try .made("1.2.\($0)", attributes) }, in: radiology)
            let number = AttributeMatch(path: [.bodyPartExamined], test: .anyOf(["x"]))
            var query = StudyQuery(stores: [radiology], conditions: [.words(.patientName, ["a"])], limit: 10)
            query.conditions.append(.attribute(number))
            query.total = .exact

            let page = try await store.search(query)

            #expect(page.total == .atLeast(11))
        }
    }

    @Test("a query that names too many values is refused")
    func values() async throws {
        try await withCatalog { store, _ in
            let radiology = try #require(StoreName("radiology"))
            let uids = (0...SearchEffort().valuesMax).map { "1.2.\($0)" }

            let error = await #expect(throws: CollimatorError.self) {
                try await store.search(
                    StudyQuery(stores: [radiology], conditions: [.anyOf(.studyInstanceUID, uids)], limit: 10)
                )
            }
            #expect(error?.code == .unprocessable)
            let page = try await store.search(
                StudyQuery(
                    stores: [radiology],
                    conditions: [.anyOf(.studyInstanceUID, Array(uids.dropLast()))],
                    limit: 10
                )
            )
            #expect(page.total == .exact(0))
        }
    }

    @Test("a value of an instance that disagrees is found, also where no index holds it")
    func variants() async throws {
        try await withCatalog { store, _ in
            let radiology = try #require(StoreName("radiology"))
            var entry = try StudyEntry.made("1.2.1", [(.patientName, "Smith^John")])
            var variant = DataSet()
            variant.set(.patientName, .personName(PersonName(parsing: "Smyth^John")))
            variant.set(.bodyPartExamined, "HEAD")
            entry.variants = [variant]
            try await store.put([entry], in: radiology)

            for match in [
                AttributeMatch(path: [.patientName], test: .anyOf(["SMYTH^John^"])),
                AttributeMatch(path: [.bodyPartExamined], test: .anyOf(["HEAD"])),
            ] {
                let query = StudyQuery(stores: [radiology], conditions: [.attribute(match)], limit: 10)
                #expect(try await store.search(query).studies.count == 1)
            }
        }
    }
}
