package import CollimatorCore

/// Everything that people decided about who may what: roles of their own, groups that are kept here, and rules.
package struct AccessPolicy: Sendable, Hashable {
    package var roles: [Role] = []
    package var groups: [LocalGroup] = []
    package var rules: [AccessRule] = []

    package init() {}

    /// A group that is kept here; groups are not nested.
    package struct LocalGroup: Sendable, Hashable {
        package let name: String
        package let members: Set<Principal>

        package init(name: String, members: Set<Principal>) {
            self.name = name
            self.members = members
        }
    }

    package static let rulesMax = 100_000
    package static let rolesMax = 1_000
    package static let groupsMax = 10_000
    package static let membersMax = 100_000
    /// The longest name of a role or id of a rule, in bytes.
    package static let nameBytesMax = 64
    /// The most values of one term of a condition.
    package static let valuesMax = 1_000
    /// Faults of one policy that are listed.
    package static let faultsMax = 100
}

/// What is wrong with a policy: every fault, up to ``AccessPolicy/faultsMax``.
package struct PolicyFaults: Error, Sendable, Hashable {
    package let faults: [Fault]

    /// One of them.
    package struct Fault: Sendable, Hashable {
        /// Such as `rules[3]`.
        package let place: String
        package let problem: Problem

        package init(place: String, problem: Problem) {
            self.place = place
            self.problem = problem
        }
    }

    /// The kinds of faults, as people are told them.
    package enum Problem: String, Sendable, CaseIterable {
        case tooMany = "there are more than the limit allows"
        case badName = "a name has 1 to 64 characters of a-z, 0-9, '.', '_' and '-'"
        case duplicate = "the name is taken already"
        case predefinedRole = "a predefined role has this name"
        case noPermissions = "a role without permissions gives nothing"
        case unknownRole = "there is no such role"
        case unknownGroup = "there is no such local group"
        case administratorPrincipal = "the administrator key is not subject to rules"
        case memberIsNoPerson = "members of a local group are users and clients"
        case tooManyValues = "a term of the condition has more than 1000 values"
        case conditionalChange = "a rule with a condition is only for roles that look: its role does more"
        case conditionBelowStore = "a rule on a study or series is for imaging: its role has no right over it"
        case ownUploadsOfMany = "own uploads are of a user, a client or a local group"
        case emptyPeriod = "the period ends before it begins"
        case badDate = "a date is YYYYMMDD"
        case conditionalDirect = "a direct rule allows, on a whole store, without a condition"
        case memberWithoutDirect = "an IAM member goes with a direct rule"
        case badIAMMember =
            "an IAM member is such as user:ann@example.org, in small letters, or principal://iam.googleapis.com/..."
        case noObject = "it is no JSON object"
        case unknownMember = "a member has an unknown name"
        case wrongKind = "a member is missing or has a value of a wrong kind"
        case badPrincipal = "a principal is such as user:{issuer}/{subject}, group:{issuer}/{name} or client:{id}"
        case badResource = "a resource is * or stores/{store}[/studies/{uid}[/series/{uid}]]"
        case unknownPermission = "there is no such permission"
        case badTime =
            "a time is such as 2030-01-05T10:41:12Z, an hour such as 07:30, a zone UTC, +02:00 or Europe/Zurich"
        case requestCondition = "an endpoint asks for studies: purposes, hours and periods of requests are not for it"
        case seriesCondition =
            "an endpoint hears of whole studies: it can ask for modalitiesInStudy, and not for modality or ownUploads"
        case lockOut = "nobody would be left who may change the rules"
    }
}
