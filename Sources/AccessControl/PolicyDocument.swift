internal import CollimatorCore
package import Cryptography

/// A policy as JSON: an object with `roles`, `groups` and `rules`, each a list of objects.
///
/// Nothing in it is ignored: a member that is not known is a fault, for it may have been meant to restrict.
package enum PolicyDocument {
    /// Reads the parts of a policy; each is small, however many there are.
    ///
    /// - Throws: ``PolicyFaults`` with every fault of form; whether it makes sense is asked by
    ///   ``AccessPolicy/faults()``.
    package static func policy(
        roles: [StrictJSON],
        groups: [StrictJSON],
        rules: [StrictJSON]
    ) throws(PolicyFaults) -> AccessPolicy {
        var faults: [PolicyFaults.Fault] = []
        var policy = AccessPolicy()
        policy.roles = Self.list(roles, "roles", &faults) { $0.role() }
        policy.groups = Self.list(groups, "groups", &faults) { $0.group() }
        policy.rules = Self.list(rules, "rules", &faults) { $0.rule() }
        guard faults.isEmpty else { throw PolicyFaults(faults: faults) }
        return policy
    }

    /// Reads a whole document.
    package static func policy(_ document: StrictJSON) throws(PolicyFaults) -> AccessPolicy {
        let names = ["roles", "groups", "rules"]
        guard case .object(let members) = document else { throw Self.fault("", .noObject) }
        guard members.keys.allSatisfy(names.contains) else { throw Self.fault("", .unknownMember) }
        let lists: [[StrictJSON]?] = names.map { name in members[name].map(\.elements) ?? [] }
        guard let roles = lists[0], let groups = lists[1], let rules = lists[2] else {
            throw Self.fault("", .wrongKind)
        }
        return try Self.policy(roles: roles, groups: groups, rules: rules)
    }

    private static func fault(_ place: String, _ problem: PolicyFaults.Problem) -> PolicyFaults {
        PolicyFaults(faults: [.init(place: place, problem: problem)])
    }

    private static func list<Part>(
        _ items: [StrictJSON],
        _ name: String,
        _ faults: inout [PolicyFaults.Fault],
        _ read: (inout MemberReader) -> Part?
    ) -> [Part] {
        var parts: [Part] = []
        for (index, item) in items.enumerated() {
            guard faults.count < AccessPolicy.faultsMax else { break }
            var reader = MemberReader(item)
            let part = read(&reader)
            reader.refuseOthers()
            for problem in reader.problems { faults.append(.init(place: "\(name)[\(index)]", problem: problem)) }
            if let part { parts.append(part) }
        }
        return parts
    }
}

/// Takes the members of an object one by one and notes what is wrong with them.
struct MemberReader {
    private var members: [String: StrictJSON]
    private(set) var problems: [PolicyFaults.Problem] = []

    init(_ value: StrictJSON) {
        guard case .object(let members) = value else {
            self.members = [:]
            self.problems = [.noObject]
            return
        }
        self.members = members
    }

    mutating func note(_ problem: PolicyFaults.Problem) {
        if !self.problems.contains(problem) { self.problems.append(problem) }
    }

    mutating func refuseOthers() {
        if !self.members.isEmpty { self.note(.unknownMember) }
    }

    mutating func take(_ name: String) -> StrictJSON? {
        self.members.removeValue(forKey: name)
    }

    /// A text; one that must be there is noted where it is not.
    mutating func text(_ name: String, isRequired: Bool = true) -> String? {
        let value = self.take(name)
        if value?.text == nil, value != nil || isRequired { self.note(.wrongKind) }
        return value?.text
    }

    mutating func flag(_ name: String, standard: Bool) -> Bool {
        guard let value = self.take(name), value != .null else { return standard }
        if value.boolean == nil { self.note(.wrongKind) }
        return value.boolean ?? standard
    }

    /// A list of texts, none of them empty; no list is an empty one, or noted where there must be one.
    mutating func texts(_ name: String, isRequired: Bool = false) -> Set<String> {
        guard let value = self.take(name) else {
            if isRequired { self.note(.wrongKind) }
            return []
        }
        let elements = value.elements ?? []
        let texts = elements.compactMap(\.text).filter { !$0.isEmpty }
        // An empty list would ask for nothing where it reads as if it asked for something.
        if texts.isEmpty || texts.count != elements.count { self.note(.wrongKind) }
        return Set(texts)
    }

    /// An object that may be absent.
    mutating func object<Part>(_ name: String, _ read: (inout MemberReader) -> Part) -> Part? {
        guard let value = self.take(name) else { return nil }
        var reader = MemberReader(value)
        let part = read(&reader)
        reader.refuseOthers()
        for problem in reader.problems { self.note(problem) }
        return part
    }
}
