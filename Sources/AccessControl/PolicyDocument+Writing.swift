import CollimatorCore
import Cryptography
import FoundationEssentials

extension PolicyDocument {
    /// The role as JSON text; the same role always gives the same.
    package static func text(_ role: Role) -> String {
        var object = ObjectText()
        object.add("name", role.name)
        if !role.summary.isEmpty { object.add("summary", role.summary) }
        object.add("permissions", Set(role.permissions.map(\.rawValue)))
        return object.text
    }

    /// The group as JSON text.
    package static func text(_ group: AccessPolicy.LocalGroup) -> String {
        var object = ObjectText()
        object.add("name", group.name)
        object.add("members", Set(group.members.map(\.description)))
        return object.text
    }

    /// The rule as JSON text.
    package static func text(_ rule: AccessRule) -> String {
        var object = ObjectText()
        object.add("id", rule.id)
        object.add("effect", rule.effect.rawValue)
        object.add("principal", rule.principal.description)
        object.add("role", rule.role)
        object.add("resource", rule.resource.text)
        if !rule.condition.isEmpty { object.add("condition", json: Self.text(rule.condition)) }
        if !rule.request.isEmpty { object.add("request", json: Self.text(rule.request)) }
        if !rule.includesDerived { object.add("includeDerived", json: "false") }
        if rule.isDirect { object.add("direct", json: "true") }
        if let iamMember = rule.iamMember { object.add("iamMember", iamMember) }
        return object.text
    }

    /// The whole policy as JSON text.
    package static func text(_ policy: AccessPolicy) -> String {
        var object = ObjectText()
        object.add("roles", json: "[\(policy.roles.map { Self.text($0) }.joined(separator: ","))]")
        object.add("groups", json: "[\(policy.groups.map { Self.text($0) }.joined(separator: ","))]")
        object.add("rules", json: "[\(policy.rules.map { Self.text($0) }.joined(separator: ","))]")
        return object.text
    }

    static func text(_ condition: RuleCondition) -> String {
        var object = ObjectText()
        if !condition.patients.isEmpty {
            let patients = condition.patients.map { patient in
                var object = ObjectText()
                object.add("id", patient.id)
                object.add("issuer", patient.issuer ?? "")
                return object.text
            }
            object.add("patients", json: "[\(patients.sorted().joined(separator: ","))]")
        }
        for property in StudyProperty.allCases { object.add(property.rawValue, condition.texts[property] ?? []) }
        if let dateFrom = condition.dateFrom { object.add("dateFrom", dateFrom) }
        if let dateTo = condition.dateTo { object.add("dateTo", dateTo) }
        object.add("modalitiesInStudy", condition.modalitiesInStudy)
        object.add("modality", condition.modalities)
        if condition.isOwnUploads { object.add("ownUploads", json: "true") }
        return object.text
    }

    private static func text(_ request: RequestCondition) -> String {
        var object = ObjectText()
        object.add("purposeOfUse", request.purposesOfUse)
        if let hours = request.timeOfDay {
            var inner = ObjectText()
            inner.add("from", ClockText.text(minutes: hours.fromMinute))
            inner.add("to", ClockText.text(minutes: hours.toMinute))
            inner.add("zone", hours.zone.text)
            object.add("timeOfDay", json: inner.text)
        }
        if let seconds = request.notBeforeSeconds { object.add("notBefore", Self.time(seconds)) }
        if let seconds = request.expiresAtSeconds { object.add("expiresAt", Self.time(seconds)) }
        return object.text
    }

    private static func time(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
    }
}

/// A JSON object as it is written, member by member.
private struct ObjectText {
    private var members: [String] = []

    mutating func add(_ name: String, json: String) { self.members.append("\(StrictJSON.quoted(name)):\(json)") }

    mutating func add(_ name: String, _ text: String) { self.add(name, json: StrictJSON.quoted(text)) }

    /// A list in order; none where it is empty.
    mutating func add(_ name: String, _ texts: Set<String>) {
        guard !texts.isEmpty else { return }
        self.add(name, json: "[\(texts.sorted().map { StrictJSON.quoted($0) }.joined(separator: ","))]")
    }

    var text: String { "{\(self.members.joined(separator: ","))}" }
}
