import CollimatorCore
import Cryptography
import FoundationEssentials

extension MemberReader {
    mutating func role() -> Role? {
        let name = self.text("name")
        let summary = self.text("summary", isRequired: false) ?? ""
        let names = self.texts("permissions", isRequired: true)
        let permissions = PermissionTable.rows.map(\.permission).filter { names.contains($0.rawValue) }
        if permissions.count != names.count { self.note(.unknownPermission) }
        return name.map { Role(name: $0, summary: summary, permissions: Set(permissions)) }
    }

    mutating func group() -> AccessPolicy.LocalGroup? {
        let name = self.text("name")
        let texts = self.texts("members", isRequired: true)
        let members = texts.compactMap { Principal($0) }
        if members.count != texts.count { self.note(.badPrincipal) }
        guard let name else { return nil }
        // The name is one only where a principal can be written with it.
        if Principal(Principal.localGroup(name: name).description) != .localGroup(name: name) { self.note(.badName) }
        return AccessPolicy.LocalGroup(name: name, members: Set(members))
    }

    mutating func rule() -> AccessRule? {
        let id = self.text("id")
        let effect = self.text("effect").flatMap { AccessEffect(rawValue: $0) }
        if effect == nil { self.note(.wrongKind) }
        let principal = self.text("principal").flatMap { Principal($0) }
        if principal == nil { self.note(.badPrincipal) }
        let role = self.text("role")
        let resource = self.text("resource").flatMap { RuleResource($0) }
        if resource == nil { self.note(.badResource) }
        let condition = self.object("condition") { $0.condition() }
        let request = self.object("request") { $0.request() }
        let includesDerived = self.flag("includeDerived", standard: true)
        let isDirect = self.flag("direct", standard: false)
        let iamMember = self.text("iamMember", isRequired: false)
        guard let id, let effect, let principal, let role, let resource else { return nil }
        var rule = AccessRule(id: id, effect, principal, role: role, on: resource)
        rule.condition = condition ?? RuleCondition()
        rule.request = request ?? RequestCondition()
        rule.includesDerived = includesDerived
        rule.isDirect = isDirect
        rule.iamMember = iamMember
        return rule
    }

    mutating func condition() -> RuleCondition {
        var condition = RuleCondition()
        for property in StudyProperty.allCases where property != .date {
            let texts = self.texts(property.rawValue)
            if !texts.isEmpty { condition.texts[property] = texts }
        }
        condition.modalities = self.texts("modality")
        condition.modalitiesInStudy = self.texts("modalitiesInStudy")
        condition.dateFrom = self.text("dateFrom", isRequired: false)
        condition.dateTo = self.text("dateTo", isRequired: false)
        condition.isOwnUploads = self.flag("ownUploads", standard: false)
        if let patients = self.take("patients") {
            let identities = (patients.elements ?? []).map { value in
                var reader = MemberReader(value)
                let id = reader.text("id")
                let issuer = reader.text("issuer")
                reader.refuseOthers()
                for problem in reader.problems { self.note(problem) }
                return PatientIdentity(id: id ?? "", issuer: issuer ?? "")
            }
            if identities.isEmpty || identities.contains(where: \.id.isEmpty) { self.note(.wrongKind) }
            condition.patients = Set(identities)
        }
        return condition
    }

    private mutating func request() -> RequestCondition {
        var request = RequestCondition()
        request.purposesOfUse = self.texts("purposeOfUse")
        request.notBeforeSeconds = self.time("notBefore")
        request.expiresAtSeconds = self.time("expiresAt")
        request.timeOfDay =
            self.object("timeOfDay") { reader -> RequestCondition.TimeOfDay? in
                let from = reader.text("from").flatMap(ClockText.minutes)
                let to = reader.text("to").flatMap(ClockText.minutes)
                let zone = reader.text("zone").flatMap { ClockZone($0) }
                guard let from, let to, let zone, from != to else {
                    reader.note(.badTime)
                    return nil
                }
                return RequestCondition.TimeOfDay(fromMinute: from, toMinute: to, zone: zone)
            } ?? nil
        return request
    }

    mutating func time(_ name: String) -> Int64? {
        guard let text = self.text(name, isRequired: false) else { return nil }
        do {
            return Int64(try Date.ISO8601FormatStyle().parse(text).timeIntervalSince1970)
        } catch {
            self.note(.badTime)
            return nil
        }
    }
}

/// Hours and offsets as people write them.
enum ClockText {
    /// `HH:MM` as minutes since midnight.
    static func minutes(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [2, 2],
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }

    /// `UTC`, `+HH:MM` or `-HH:MM` as minutes east of Greenwich.
    static func offset(_ text: String) -> Int? {
        if text == "UTC" { return 0 }
        guard let minutes = Self.minutes(String(text.dropFirst())), minutes <= 14 * 60 else { return nil }
        switch text.first {
        case "+": return minutes
        case "-": return -minutes
        default: return nil
        }
    }

    static func text(minutes: Int) -> String {
        let texts = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : String($0) }
        return texts.joined(separator: ":")
    }

    static func text(offset: Int) -> String {
        offset == 0 ? "UTC" : (offset < 0 ? "-" : "+") + Self.text(minutes: abs(offset))
    }
}

extension RuleResource {
    /// `*`, or `stores/{store}`, `/studies/{uid}` and `/series/{uid}`, as far as it goes.
    package init?(_ text: String) {
        if text == "*" {
            self = .allStores
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard [2, 4, 6].contains(parts.count), parts[0] == "stores", let store = StoreName(parts[1]) else { return nil }
        if parts.count == 2 {
            self = .store(store)
            return
        }
        guard parts[2] == "studies", Self.isUID(parts[3]) else { return nil }
        if parts.count == 4 {
            self = .study(store, studyUID: parts[3])
            return
        }
        guard parts[4] == "series", Self.isUID(parts[5]) else { return nil }
        self = .series(store, studyUID: parts[3], seriesUID: parts[5])
    }

    package var text: String {
        switch self {
        case .allStores: "*"
        case .store(let store): "stores/\(store)"
        case .study(let store, let study): "stores/\(store)/studies/\(study)"
        case .series(let store, let study, let series): "stores/\(store)/studies/\(study)/series/\(series)"
        }
    }

    /// PS3.5 §9.1, but for leading zeros, which real files have.
    private static func isUID(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...64).contains(text.utf8.count)
            && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
}
