import Catalog
import CollimatorCore
import DICOMweb
import TestSupport
import Testing

@Suite("Search in SQL and in memory")
struct SearchPropertyTests {
    private static let names = [
        "Smith^John", "SMITH^JANE", "Smithers^Al", "O'Brien^Mary-Ann", "Müller^Jörg", "Muller^Jorg",
        "Παπαδόπουλος^Γιώργος",
        "Ёлкин^Иван", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Hong^Gildong=洪^吉洞=홍^길동", "שרון^דבורה", "", "Smith", "X^^^^",
    ]
    private static let dates = [
        "20260105", "20260106", "2026.01.07", "19991231", "202601", "2026", "", "notadate", "20261301",
    ]
    private static let times = ["", "10", "1030", "103000.5", "25"]
    private static let descriptions = ["CT CHEST", "MR Brain w/o", "Thorax (ap)", ""]
    private static let modalities = ["CT", "MR", "US", "SR", "CR"]

    @Test("both find the same, in the same order, for any plan and page size", arguments: 0..<12)
    func agree(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed) + 1)
        // Small limits make every plan come up: candidates for rare values, walks for the others.
        var effort = SearchEffort()
        effort.candidatesMax = [0, 5, 40, 100_000][seed % 4]
        try await withCatalog(effort: effort) { store, _ in
            try await Self.compare(in: store, &random)
        }
    }

    private static func compare(in store: CatalogStore, _ random: inout SeededGenerator) async throws {
        let radiology = try #require(StoreName("radiology"))
        let trial = try #require(StoreName("trial"))
        let entries = try (0..<80).map { try Self.entry($0, &random) }
        for entry in entries {
            try await store.put([entry], in: radiology)
            if Bool.random(using: &random) { try await store.put([entry], in: trial) }
        }

        for _ in 0..<20 {
            let conditions = Self.conditions(&random)
            let order = StudyOrder(
                StudyOrder.Key.allCases.randomElement(using: &random) ?? .moment,
                isDescending: Bool.random(using: &random)
            )
            var query = StudyQuery(
                stores: [radiology],
                conditions: conditions,
                order: order,
                limit: Int.random(in: 1...60, using: &random)
            )
            var found: [CatalogStudy] = []
            var pages = 0
            repeat {
                let page = try await store.search(query)
                found.append(contentsOf: page.studies)
                query.after = page.next
                pages += 1
            } while query.after != nil && pages < 200

            let all = try await store.search(StudyQuery(stores: [radiology], limit: 1_000)).studies
            let changes = Dictionary(uniqueKeysWithValues: all.map { ($0.study, $0.change) })
            let expected = entries.filter { StudyMatcher.matches($0, change: changes[$0.study] ?? 0, conditions) }
            #expect(Set(found.map(\.study)) == Set(expected.map(\.study)), "\(conditions)")
            #expect(found.count == expected.count, "a study came twice")
            #expect(Self.isOrdered(found, order))
        }
    }

    private static func entry(_ index: Int, _ random: inout SeededGenerator) throws -> StudyEntry {
        let number = Int.random(in: 0..<30, using: &random)
        var attributes: [(DICOMweb.Tag, String)] = [
            (.patientName, names.randomElement(using: &random) ?? ""),
            (.patientID, "MRN-\(number)"),
            (.studyDate, dates.randomElement(using: &random) ?? ""),
            (.studyTime, times.randomElement(using: &random) ?? ""),
            (.studyDescription, descriptions.randomElement(using: &random) ?? ""),
        ]
        if Bool.random(using: &random) { attributes.append((.accessionNumber, "A\(index % 7)")) }
        var chosen: [String]?
        if Bool.random(using: &random) {
            let count = Int.random(in: 0...3, using: &random)
            chosen = (0..<count).map { _ in Self.modalities.randomElement(using: &random) ?? "CT" }
        }
        var entry = try StudyEntry.made("1.2.\(index + 1)", attributes, modalities: chosen)
        if Int.random(in: 0..<5, using: &random) == 0 {
            var variant = DataSet()
            variant.set(.patientName, .personName(PersonName(parsing: names.randomElement(using: &random) ?? "")))
            entry.variants = [variant]
        }
        return entry
    }

    private static func conditions(_ random: inout SeededGenerator) -> [StudyCondition] {
        let typed = ["smi", "SMITH", "müll", "o'br", "brien", "γιω", "елк", "山", "やま", "홍", "דב", "x", "joh smi", "zz"]
        let patterns = ["smith*", "*john*", "*", "s?ith*", "smith", "*^j*", "m*r^*g", "?", "ёл*"]
        let days: [Int?] = [nil, 20_260_105, 20_260_000, 20_260_106]
        let count = Int.random(in: 0...3, using: &random)
        return (0..<count).map { _ -> StudyCondition in
            switch Int.random(in: 0..<7, using: &random) {
            case 0:
                return .words(.patientName, [typed.randomElement(using: &random) ?? ""])
            case 1:
                return .pattern(.patientName, WildcardPattern(patterns.randomElement(using: &random) ?? "*") ?? .any)
            case 2:
                let count = Int.random(in: 0...2, using: &random)
                return .anyOf(.modality, Array(Self.modalities.shuffled(using: &random).prefix(count)))
            case 3:
                return .anyOf(.patientID, ["mrn-\(Int.random(in: 0..<30, using: &random))"])
            case 4:
                let from = days.randomElement(using: &random) ?? nil
                return .days(from: from, to: days.randomElement(using: &random) ?? nil)
            case 5:
                return .words(.studyDescription, [["ct", "bra", "tho ap", "w"].randomElement(using: &random) ?? ""])
            default:
                return .changedAfter(Int64.random(in: 0..<150, using: &random))
            }
        }
    }

    private static func isOrdered(_ studies: [CatalogStudy], _ order: StudyOrder) -> Bool {
        zip(studies, studies.dropFirst()).allSatisfy { first, second in
            let entries = [first, second].map { StudyEntry(study: $0.study, attributes: $0.attributes) }
            switch order.key {
            case .moment:
                return order.isDescending
                    ? entries[0].moment >= entries[1].moment : entries[0].moment <= entries[1].moment
            case .change:
                return order.isDescending ? first.change > second.change : first.change < second.change
            case .patientName:
                let names = entries.map { entry -> String in
                    let name = entry.attributes.personName(.patientName)
                    return SearchText.fold(name?.alphabetic ?? name?.ideographic ?? name?.phonetic ?? "")
                }
                let isBefore = names[0].utf8.lexicographicallyPrecedes(names[1].utf8)
                return names[0] == names[1] || isBefore != order.isDescending
            }
        }
    }
}

extension WildcardPattern {
    /// What matches everything.
    fileprivate static var any: WildcardPattern {
        guard let any = WildcardPattern("*") else { preconditionFailure("a star is a pattern") }
        return any
    }
}
