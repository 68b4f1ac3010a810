import Catalog
import CollimatorCore
import DICOMweb
import TestSupport

/// Makes studies and wishes from few enough values that they meet.
struct WishGenerator {
    var random: SeededGenerator

    static let names = [
        "Smith^John", "SMITH^JANE", "Smithers^Al", "O'Brien^Mary-Ann", "Müller^Jörg", "Muller^Jorg", "Smith", "X^^^^",
        "Παπαδόπουλος^Γιώργος", "Ёлкин^Иван", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Hong^Gildong=洪^吉洞=홍^길동",
        "שרון^דבורה", "𠮷田^花子", "", "Smith^John^^Dr",
    ]
    static let typed = [
        "smi", "SMITH", "müll", "o'br", "brien", "γιω", "елк", "山", "やま", "홍", "דב", "x", "joh smi", "zz", "𠮷", "",
    ]
    static let patterns = [
        "smith*", "*john*", "*", "s?ith*", "smith", "*^j*", "m*r^*g", "?", "ёл*", "Smith^John^*", "smith^", "𠮷*", "*ן*",
    ]
    static let dates = [
        "20260105", "20260106", "2026.01.07", "19991231", "202601", "2026", "", "notadate", "20261301", "1970.04.24",
    ]
    static let times = ["", "10", "1030", "103000.5", "10:20:30", "103000", "25", "noon", "235959.999999"]
    static let moments = [
        "20260105103000+0100", "202601", "20260105", "20260105103000.25", "x", "", "20251231235959-0500",
    ]
    static let descriptions = ["CT CHEST", "MR Brain w/o", "Thorax (ap)", "", "Knie, Röntgen", "ct  chest"]
    static let modalities = ["CT", "MR", "US", "SR", "CR"]
    static let codes = ["MRN-7", "MRN-12", "7", "12.5/3", "AB 12", "ab-12", "mrn_7"]
    static let acquisition = DICOMweb.Tag(0x0008, 0x002A)
    static let otherIDs = DICOMweb.Tag(0x0010, 0x1000)
    static let weight = DICOMweb.Tag(0x0010, 0x1030)
    static let procedure = DICOMweb.Tag(0x0008, 0x1032)
    static let code = DICOMweb.Tag(0x0008, 0x0100)
    static let scheme = DICOMweb.Tag(0x0008, 0x0102)

    init(seed: Int) { self.random = SeededGenerator(seed: UInt64(seed) + 1) }

    mutating func pick<Element>(_ values: [Element]) -> Element {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self.random) == 0 }

    mutating func entry(_ index: Int) throws -> StudyEntry {
        var chosen: [String]?
        if self.chance(2) {
            chosen = (0..<Int.random(in: 0...3, using: &self.random)).map { _ in self.pick(Self.modalities) }
        }
        var entry = try StudyEntry.made("1.2.\(index + 1)", [], modalities: chosen)
        entry.attributes = self.attributes()
        if self.chance(5), entry.series?.isEmpty == false { entry.series?[0].instanceCount = nil }
        if entry.series == nil, self.chance(2) { entry.attributes.set(.modalitiesInStudy, self.pick(Self.modalities)) }
        if self.chance(4) { entry.variants = [self.attributes()] }
        return entry
    }

    private mutating func attributes() -> DataSet {
        var set = DataSet()
        set.set(.patientName, .personName(PersonName(parsing: self.pick(Self.names))))
        set.set(.patientID, self.pick(Self.codes))
        set.set(.studyDate, self.pick(Self.dates))
        set.set(.studyTime, self.pick(Self.times))
        set.set(.patientBirthDate, self.pick(Self.dates))
        set.set(.studyDescription, self.pick(Self.descriptions))
        if self.chance(2) { set.set(.accessionNumber, self.pick(Self.codes)) }
        if self.chance(3) { set.set(.referringPhysicianName, .personName(PersonName(parsing: self.pick(Self.names)))) }
        if self.chance(2) { set.set(Self.acquisition, vr: .DT, .string(self.pick(Self.moments))) }
        if self.chance(2) {
            set.set(Self.otherIDs, vr: .LO, .string(self.pick(Self.codes)), .null, .string(self.pick(Self.codes)))
        }
        if self.chance(2) { set.set(Self.weight, vr: .DS, .real(Double(self.pick([70, 71])))) }
        let items = (0..<Int.random(in: 0...2, using: &self.random)).map { _ in
            var item = DataSet()
            item.set(Self.code, vr: .SH, .string(self.pick(["P1", "P2"])))
            item.set(Self.scheme, vr: .SH, .string(self.pick(["L", "M"])))
            return item
        }
        set.set(Self.procedure, items: items)
        return set
    }

    /// Wishes that must all come true; two on one sequence are meant of the same item.
    mutating func wishes() -> [Wish] {
        var wishes = (0..<Int.random(in: 0...3, using: &self.random)).map { _ in self.wish() }
        if self.chance(8) { wishes += [self.sequence()] }
        return wishes
    }

    private mutating func wish() -> Wish {
        switch Int.random(in: 0..<14, using: &self.random) {
        case 0: return self.words()
        case 1: return self.pattern()
        case 2: return self.modality()
        case 3: return self.single()
        case 4, 5: return self.days()
        case 6: return self.text()
        case 7: return self.change()
        case 8: return self.range()
        case 9: return self.number()
        case 10: return self.name()
        case 11: return self.other()
        case 12: return self.uids()
        default: return self.sameTime()
        }
    }

    private mutating func words() -> Wish {
        let typed = self.pick(Self.typed)
        let (attribute, tag): (StudyAttribute, DICOMweb.Tag) = self.pick([
            (.patientName, .patientName), (.referringPhysicianName, .referringPhysicianName),
            (.studyDescription, .studyDescription), (.patientID, .patientID),
        ])
        let word = tag == .studyDescription ? self.pick(["ct", "bra", "tho ap", "w", "ront"]) : typed
        return Wish(condition: .words(attribute, [word])) { Reference.begin([word], Reference.values(tag, $0.entry)) }
    }

    private mutating func pattern() -> Wish {
        let isName = self.chance(2)
        let tag: DICOMweb.Tag = isName ? .patientName : self.pick([.patientID, .studyDescription])
        let text =
            isName ? self.pick(Self.patterns) : self.pick(["mrn*", "*12*", "ct*chest", "*", "mrn-7", "??*7", "a*"])
        guard let pattern = WildcardPattern(text) else { return self.words() }
        return Wish(condition: .matching(AttributeMatch(path: [tag], test: .pattern(pattern)))) { kept in
            text == "*"
                || Reference.values(tag, kept.entry).contains {
                    isName ? Reference.matchesName(text, $0) : Reference.matches(text, $0)
                }
        }
    }

    private mutating func modality() -> Wish {
        let wanted = Array(Self.modalities.shuffled(using: &self.random).prefix(self.pick([0, 1, 2, 3])))
        let match = AttributeMatch(path: [.modalitiesInStudy], test: .anyOf(wanted))
        return Wish(condition: self.chance(2) ? .anyOf(.modality, wanted) : .attribute(match)) {
            !Set($0.entry.modalities ?? []).isDisjoint(with: wanted)
        }
    }

    private mutating func single() -> Wish {
        let tag: DICOMweb.Tag = self.pick([.patientID, .accessionNumber, .studyDescription])
        let wanted = [self.pick(Self.codes + Self.descriptions.filter { !$0.isEmpty }), "zz"]
        return Wish(condition: .matching(AttributeMatch(path: [tag], test: .anyOf(wanted)))) { kept in
            Reference.values(tag, kept.entry).contains { value in wanted.contains { Reference.isSame($0, value) } }
        }
    }

    private mutating func days() -> Wish {
        let days: [String?] = [nil, "20260105", "202601", "2026", "20260106", "19991231"]
        let from = self.pick(days)
        let to = self.pick(days)
        return Wish(
            condition: .matching(AttributeMatch(path: [.studyDate], test: .range(from: from, to: to)))
        ) { kept in
            // A list over days is one of the study's own date.
            guard from != nil || to != nil else { return true }
            return Reference.values(.studyDate, kept.entry.attributes).contains {
                Reference.isWithin($0, from, to, .DA)
            }
        }
    }

    private mutating func text() -> Wish {
        let typed = [self.pick(Self.typed + ["7", "mrn-7", "mrn7", "12.5", "chest", "ab 12", "12"])]
        let tags: [DICOMweb.Tag] = [
            .patientName, .patientID, .issuerOfPatientID, .accessionNumber, .studyDescription, .studyID,
            .referringPhysicianName, .institutionName,
        ]
        return Wish(condition: .text(typed)) { kept in
            Reference.begin(typed, tags.flatMap { Reference.values($0, kept.entry) })
        }
    }

    private mutating func change() -> Wish {
        let number = Int64.random(in: 0..<150, using: &self.random)
        if self.chance(2) { return Wish(condition: .changedAfter(number)) { $0.change > number } }
        let since = SteppingClock.start + number * SteppingClock.step
        return Wish(condition: .updatedSince(milliseconds: since)) { $0.updatedAt >= since }
    }

    private mutating func range() -> Wish {
        let (tag, vr, ends): (DICOMweb.Tag, VR, [String?]) = self.pick([
            (.studyTime, .TM, [nil, "10", "1030", "103000.4", "10:20", "235959"]),
            (.patientBirthDate, .DA, [nil, "1970", "19700424", "2026.01.06", "202601"]),
            (Self.acquisition, .DT, [nil, "2026", "20260105103000", "20251231", "202601051030"]),
        ])
        let from = self.pick(ends)
        let to = self.pick(ends)
        return Wish(condition: .attribute(AttributeMatch(path: [tag], test: .range(from: from, to: to)))) { kept in
            Reference.values(tag, kept.entry).contains { Reference.isWithin($0, from, to, vr) }
        }
    }

    private mutating func number() -> Wish {
        let wanted = Int.random(in: 0...4, using: &self.random)
        switch Int.random(in: 0..<3, using: &self.random) {
        case 0:
            let match = AttributeMatch(path: [.numberOfStudyRelatedSeries], test: .anyOf(["\(wanted)"]))
            return Wish(condition: .attribute(match)) { $0.entry.series?.count == wanted }
        case 1:
            let match = AttributeMatch(path: [.numberOfStudyRelatedInstances], test: .anyOf(["0\(wanted)"]))
            return Wish(condition: .attribute(match)) { $0.entry.instanceCount == wanted }
        default:
            let match = AttributeMatch(path: [Self.weight], test: .anyOf(["70"]))
            return Wish(condition: .attribute(match)) { kept in
                ([kept.entry.attributes] + kept.entry.variants).contains { $0.real(Self.weight) == 70 }
            }
        }
    }

    private mutating func name() -> Wish {
        let name = PersonName(parsing: self.pick(["Yamada^Tarou=山田^太郎", "=山田^太郎^", "Hong^Gildong==홍^길동", "Smith=x"]))
        let match = AttributeMatch(path: [.patientName], test: .anyOf([name.text]))
        return Wish(condition: .matching(match)) { kept in
            ([kept.entry.attributes] + kept.entry.variants).compactMap { $0.personName(.patientName) }.contains { own in
                [(name.alphabetic, own.alphabetic), (name.ideographic, own.ideographic), (name.phonetic, own.phonetic)]
                    .allSatisfy { wanted, there in
                        wanted.map { Reference.isSame(Reference.trimmed($0), Reference.trimmed(there ?? "")) } ?? true
                    }
            }
        }
    }

    /// An attribute with several values that no index holds.
    private mutating func other() -> Wish {
        let text = self.pick(["mrn*", "*12*", "7", "ab?12"])
        guard let pattern = WildcardPattern(text) else { return self.words() }
        let match = AttributeMatch(path: [Self.otherIDs], test: .pattern(pattern))
        return Wish(condition: .attribute(match)) { kept in
            Reference.values(Self.otherIDs, kept.entry).contains { Reference.matches(text, $0) }
        }
    }

    private mutating func uids() -> Wish {
        let uids = (0..<Int.random(in: 1...60, using: &self.random)).map { _ in
            "1.2.\(Int.random(in: 1...120, using: &self.random))"
        }
        return Wish(condition: .matching(AttributeMatch(path: [.studyInstanceUID], test: .anyOf(uids)))) {
            uids.contains($0.entry.study.rawValue)
        }
    }

    private mutating func sameTime() -> Wish {
        let (tag, vr, values): (DICOMweb.Tag, VR, [String]) = self.pick([
            (.studyDate, .DA, Self.dates + ["20260107"]), (.patientBirthDate, .DA, Self.dates),
            (.studyTime, .TM, Self.times + ["102030", "103000.50"]),
        ])
        let wanted = self.pick(values.filter { !$0.isEmpty })
        return Wish(condition: .matching(AttributeMatch(path: [tag], test: .anyOf([wanted])))) { kept in
            Reference.values(tag, kept.entry).contains { Reference.isSameTime($0, wanted, vr) }
        }
    }

    private mutating func sequence() -> Wish {
        let wanted = self.pick(["P1", "p2", "P3"])
        let match = AttributeMatch(path: [Self.procedure, Self.code], test: .anyOf([wanted]))
        return Wish(condition: .attribute(match)) { kept in
            ([kept.entry.attributes] + kept.entry.variants).flatMap { $0.items(Self.procedure) }.contains {
                $0.string(Self.code)?.lowercased() == wanted.lowercased()
            }
        }
    }
}
