import DICOMweb
@testable import EmulatorStorage
import TestSupport
import Testing

@Suite("Search against a plain matcher")
struct SearchPropertyTests {
    @Test("any search finds the same as looking at every object")
    func agreement() async throws {
        var random = SeededGenerator(seed: 20_260_105)
        try await ArchiveFixture.with { fixture in
            var objects: [TestObject] = []
            for study in 1...40 {
                var object = TestObject.random(study: study, &random)
                for series in 1...Int.random(in: 1...3, using: &random) {
                    object.series = series
                    object.modality = ["CT", "MR", nil].randomElement(using: &random) ?? nil
                    for instance in 1...Int.random(in: 1...2, using: &random) {
                        object.instance = instance
                        objects.append(object)
                    }
                }
            }
            for object in objects.shuffled(using: &random) {
                try await fixture.put(object)
            }
            for _ in 0..<400 {
                let level = SearchLevel.allCases.randomElement(using: &random) ?? .study
                let match = Self.conditions(level, objects, &random)
                let found = try await fixture.search(level, match).map { Self.identity($0, level) }
                let expected = Set(
                    objects.filter { object in match.allSatisfy { object.matches($0) } }.map {
                        Self.identity($0, level)
                    }
                )
                #expect(Set(found) == expected, "\(level) \(match)")
                #expect(found.count == expected.count, "\(level) \(match)")
            }
        }
    }

    private static func conditions(
        _ level: SearchLevel,
        _ objects: [TestObject],
        _ random: inout SeededGenerator
    ) -> [SearchMatch] {
        (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in
            let object = objects.randomElement(using: &random) ?? TestObject()
            let key = SearchKey.allCases.filter { $0.level <= level }.randomElement(using: &random) ?? .patientID
            let value = object.value(key) ?? "none"
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                return .studyDate(
                    from: object.studyDate,
                    through: ["20261231", nil].randomElement(using: &random) ?? nil
                )
            case 1:
                let words = (object.patientName ?? "x").split { "^= ".contains($0) }
                let prefixes = words.shuffled(using: &random).prefix(2).map { $0.prefix(2) }
                return .fuzzyPatientName(prefixes.joined(separator: " "))
            default: return .equals(key, value)
            }
        }
    }

    private static func identity(_ set: DataSet, _ level: SearchLevel) -> String? {
        switch level {
        case .study: set.string(.studyInstanceUID)
        case .series: set.string(.seriesInstanceUID)
        case .instance: set.string(.sopInstanceUID)
        }
    }

    private static func identity(_ object: TestObject, _ level: SearchLevel) -> String? {
        switch level {
        case .study: object.studyUID
        case .series: object.seriesUID
        case .instance: object.instanceUID
        }
    }
}

extension TestObject {
    fileprivate static func random(study: Int, _ random: inout SeededGenerator) -> TestObject {
        let families = ["Müller", "Mueller", "Muller", "Doe", "Dorn", "Østergård", "O'Brien", "Ng"]
        let givens = ["Anna", "Änne", "John", "Johanna Maria", "Jo", ""]
        let family = families.randomElement(using: &random) ?? ""
        let given = givens.randomElement(using: &random) ?? ""
        return TestObject(
            study: study,
            patientName: [nil, "\(family)^\(given)", "\(family)^\(given)"].randomElement(using: &random) ?? nil,
            patientID: [nil, "P1", "P2", "P3"].randomElement(using: &random) ?? nil,
            accessionNumber: "A\(study % 17)",
            referringPhysicianName: [nil, "Lee^Ann", "Poe^Max"].randomElement(using: &random) ?? nil,
            studyDate: [nil, "20260101", "20260102", "20261231", "20270101"].randomElement(using: &random) ?? nil
        )
    }

    /// Whether the condition holds, worked out without anything of the archive but the folding of words.
    fileprivate func matches(_ match: SearchMatch) -> Bool {
        switch match {
        case .equals(let key, let value):
            let isName = key == .patientName || key == .referringPhysicianName
            return self.value(key).map { isName ? Self.trimmed($0) == Self.trimmed(value) : $0 == value } ?? false
        case .studyDate(let from, let through):
            guard let date = self.studyDate else { return false }
            return (from.map { $0 <= date } ?? true) && (through.map { date <= $0 } ?? true)
        case .fuzzyPatientName(let text):
            let words = PersonNameKeys.words(of: self.patientName ?? "")
            let terms = PersonNameKeys.words(of: text)
            return !terms.isEmpty && terms.allSatisfy { term in words.contains { $0.hasPrefix(term) } }
        }
    }

    private static func trimmed(_ name: String) -> String {
        var name = name
        while name.hasSuffix("^") { name.removeLast() }
        return name
    }
}
