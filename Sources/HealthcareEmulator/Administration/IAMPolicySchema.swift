internal import Cryptography

/// An IAM policy as a caller may send it: versions, bindings of a role to members, conditions.
///
/// Stricter than the upstream where nobody knows what that does: roles are those of the Healthcare API, basic roles and
/// custom ones, and nobody makes a store public.
enum IAMPolicySchema {
    /// Principals of one policy, and groups among them (IAM quotas).
    static let membersMax = 1_500
    static let groupsMax = 250
    static let versions: Set<Int64> = [0, 1, 3]

    static let schema = ResourceSchema(
        resource: "policy",
        fields: [
            ResourceSchema.Field("version") { value throws(GoogleError) in
                guard let version = value.number, versions.contains(version) else { throw .invalidField("version") }
                return .integer(version)
            },
            .objects("bindings", countMax: membersMax, binding),
            .text("etag") { Base64URL.decode(unpadded($0)) != nil },
            ResourceSchema.Field("auditConfigs") { value throws(GoogleError) in
                guard value.elements?.isEmpty == true else {
                    throw GoogleError(.unimplemented, "Audit configurations are not kept by this emulator.")
                }
                return nil
            },
        ],
        check: { members throws(GoogleError) in try check(members) }
    )

    private static let binding = ResourceSchema(
        resource: "binding",
        fields: [
            .text("role", where: isRole),
            ResourceSchema.Field("members") { value throws(GoogleError) in
                guard let elements = value.elements else { throw .invalidField("members") }
                var members: [JSONNode] = []
                for element in elements {
                    guard let text = element.text, let member = IAMPolicySchema.member(text) else {
                        throw .invalidField("members")
                    }
                    if !members.contains(.string(member)) { members.append(.string(member)) }
                }
                return .array(members)
            },
            .object("condition", condition),
        ],
        check: { members throws(GoogleError) in
            guard members.contains(where: { $0.name == "role" }) else { throw .invalidField("role") }
        }
    )

    private static let condition = ResourceSchema(
        resource: "condition",
        fields: [
            .text("expression") { $0.utf8.count <= 12_800 }, .text("title") { $0.utf8.count <= 100 },
            .text("description") { $0.utf8.count <= 256 }, .text("location") { $0.utf8.count <= 256 },
        ],
        check: { members throws(GoogleError) in
            for name in ["expression", "title"] where !members.contains(where: { $0.name == name }) {
                throw .invalidField(name)
            }
        }
    )

    /// Rules that concern the policy as a whole.
    private static func check(_ policy: [JSONMember]) throws(GoogleError) {
        let node = JSONNode.object(policy)
        guard case .array(let bindings)? = node["bindings"] else { return }
        let hasCondition = bindings.contains { $0["condition"] != nil }
        guard !hasCondition || node["version"] == .integer(3) else {
            throw GoogleError(.invalidArgument, "A policy with conditions must be of version 3.")
        }
        let members = bindings.flatMap { binding -> [JSONNode] in
            if case .array(let members)? = binding["members"] { members } else { [] }
        }
        let groups = Set(members).filter { if case .string(let text) = $0 { text.hasPrefix("group:") } else { false } }
        guard members.count <= self.membersMax, groups.count <= self.groupsMax else {
            throw GoogleError(.invalidArgument, "The policy has too many members.")
        }
    }

    // MARK: Roles

    private static let healthcareRoles: Set<String> = [
        "annotationEditor", "annotationReader", "annotationStoreAdmin", "attributeDefinitionEditor",
        "attributeDefinitionReader", "consentArtifactAdmin", "consentArtifactEditor", "consentArtifactReader",
        "consentEditor", "consentReader", "consentStoreAdmin", "consentStoreViewer", "datasetAdmin", "datasetViewer",
        "dicomEditor", "dicomStoreAdmin", "dicomStoreViewer", "dicomViewer", "fhirResourceEditor",
        "fhirResourceReader", "fhirStoreAdmin", "fhirStoreViewer", "hl7V2Consumer", "hl7V2Editor", "hl7V2Ingest",
        "hl7V2StoreAdmin", "hl7V2StoreViewer", "nlpServiceViewer", "serviceAgent", "userDataMappingEditor",
        "userDataMappingReader",
    ]

    private static let otherRoles: Set<String> = [
        "roles/editor", "roles/iam.securityAdmin", "roles/iam.securityReviewer", "roles/owner", "roles/viewer",
    ]

    static func isRole(_ text: String) -> Bool {
        if self.otherRoles.contains(text) { return true }
        let prefix = "roles/healthcare."
        if text.hasPrefix(prefix) { return self.healthcareRoles.contains(String(text.dropFirst(prefix.count))) }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "projects" || parts[0] == "organizations", parts[2] == "roles" else {
            return false
        }
        return self.isName(parts[1], also: "-:.") && (3...64).contains(parts[3].utf8.count)
            && self.isName(parts[3], also: "_.")
    }

    // MARK: Members

    /// The member as it is kept, its address in small letters; nil for what is no member.
    static func member(_ text: String) -> String? {
        if text.hasPrefix("principal://") || text.hasPrefix("principalSet://") {
            let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            return isPlain && text.utf8.count <= 1_024 && text.contains("//iam.googleapis.com/") ? text : nil
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let (kind, name) = (text[..<colon], text[text.index(after: colon)...])
        switch kind {
        case "user", "group", "serviceAccount":
            return self.isAddress(name) ? "\(kind):\(name.lowercased())" : nil
        case "domain":
            return self.isDomain(name) ? "domain:\(name.lowercased())" : nil
        case "projectOwner", "projectEditor", "projectViewer":
            return self.isName(name, also: "-:.") ? text : nil
        case "deleted":
            guard let mark = text.firstRange(of: "?uid=") else { return nil }
            let id = text[mark.upperBound...]
            let isID = (1...30).contains(id.utf8.count) && id.utf8.allSatisfy { (0x30...0x39).contains($0) }
            let inner = String(text[text.index(after: colon)..<mark.lowerBound])
            return isID && !inner.hasPrefix("deleted:") && self.member(inner) != nil ? text : nil
        default:
            // allUsers and allAuthenticatedUsers have no colon: nobody makes a store public.
            return nil
        }
    }

    private static func isAddress(_ text: Substring) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 254 && self.isName(parts[0], also: "-_.+'")
            && self.isDomain(parts[1])
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && self.isName(label, also: "-") && !label.hasPrefix("-")
                    && !label.hasSuffix("-")
            }
    }

    private static func isName(_ text: some StringProtocol, also others: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: others.utf8.contains(byte)
                }
            }
    }

    /// Standard Base64 in the form that our decoder reads.
    private static func unpadded(_ text: String) -> String {
        var text = text.replacing("+", with: "-").replacing("/", with: "_")
        while text.hasSuffix("=") { text.removeLast() }
        return text
    }
}
