import AccessControl
import CollimatorCore
import Cryptography

/// A rule, a local group or a role, as a part of the policy that has a name.
protocol PolicyPart: Sendable {
    /// Where the parts of this kind are.
    static var root: String { get }
    /// What a path calls the name of one.
    static var parameter: String { get }
    /// The member with its name.
    static var nameMember: String { get }
    /// Where the policy keeps them.
    static var list: any WritableKeyPath<AccessPolicy, [Self]> & Sendable { get }
    static var absent: CollimatorError { get }
    /// Why one that is in ``all(in:)`` and not in the policy cannot be removed.
    static var lasting: CollimatorError { get }

    var name: String { get }
    var body: JSONValue { get }

    static func read(_ document: StrictJSON) throws -> Self?
    /// Also those that every policy has.
    static func all(in policy: AccessPolicy) -> [Self]
}

extension PolicyPart {
    /// The same as that of the answer that shows it.
    var tag: EntityTag { EntityTag(of: self.body.encoded()) }

    static func all(in policy: AccessPolicy) -> [Self] { policy[keyPath: self.list] }

    static var lasting: CollimatorError { self.absent }
}

extension AccessRule: PolicyPart {
    static let root = "/api/v1/access/rules"
    static let parameter = "rule"
    static let nameMember = "id"
    static var list: any WritableKeyPath<AccessPolicy, [AccessRule]> & Sendable { \.rules }
    static var absent: CollimatorError { CollimatorError(.notFound, "there is no such rule") }

    var name: String { self.id }
    var body: JSONValue { .written(PolicyDocument.text(self)) }

    static func read(_ document: StrictJSON) throws -> AccessRule? {
        try PolicyDocument.policy(roles: [], groups: [], rules: [document]).rules.first
    }
}

extension AccessPolicy.LocalGroup: PolicyPart {
    static let root = "/api/v1/access/groups"
    static let parameter = "group"
    static let nameMember = "name"
    static var list: any WritableKeyPath<AccessPolicy, [AccessPolicy.LocalGroup]> & Sendable { \.groups }
    static var absent: CollimatorError { CollimatorError(.notFound, "there is no such group") }

    var body: JSONValue { .written(PolicyDocument.text(self)) }

    static func read(_ document: StrictJSON) throws -> AccessPolicy.LocalGroup? {
        try PolicyDocument.policy(roles: [], groups: [document], rules: []).groups.first
    }
}

extension Role: PolicyPart {
    static let root = "/api/v1/access/roles"
    static let parameter = "role"
    static let nameMember = "name"
    static var list: any WritableKeyPath<AccessPolicy, [Role]> & Sendable { \.roles }
    static var absent: CollimatorError { CollimatorError(.notFound, "there is no such role") }
    static var lasting: CollimatorError {
        CollimatorError(.conflict, "a predefined role stays", publicDetail: "A predefined role is not removed.")
    }

    var body: JSONValue {
        .object([
            ("name", .string(self.name)),
            ("summary", .string(self.summary)),
            ("predefined", .bool(RoleTable.predefined.contains { $0.name == self.name })),
            ("iamRole", .text(self.iamRole)),
            ("permissions", .array(self.permissions.map(\.rawValue).sorted().map { .string($0) })),
        ])
    }

    static func read(_ document: StrictJSON) throws -> Role? {
        try PolicyDocument.policy(roles: [document], groups: [], rules: []).roles.first
    }

    static func all(in policy: AccessPolicy) -> [Role] { RoleTable.predefined + policy.roles }
}
