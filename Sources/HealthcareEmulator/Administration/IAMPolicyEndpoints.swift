internal import Cryptography
internal import EmulatorStorage
internal import HTTPTypes

/// IAM policies of datasets and DICOM stores: read, set by read-modify-write, and asked about.
///
/// They are kept and decide nothing here: the emulator has one caller, who may do all.
struct IAMPolicyEndpoints: EndpointGroup {
    let archive: Archive

    /// The etag of a policy that was never set.
    private static let emptyETag = "ACAB"
    private static let permissionsMax = 100

    var endpoints: [Endpoint] {
        self.group(
            PathTemplate.dataset,
            get: .datasetsGetIAMPolicy,
            set: .datasetsSetIAMPolicy,
            test: .datasetsGet
        ) { call throws(GoogleError) in .dataset(try call.dataset()) }
            + self.group(
                PathTemplate.store,
                get: .storesGetIAMPolicy,
                set: .storesSetIAMPolicy,
                test: .storesGet
            ) { call throws(GoogleError) in .store(try call.store()) }
    }

    private func group(
        _ path: String,
        get: IAMPermission,
        set: IAMPermission,
        test: IAMPermission,
        owner: @escaping @Sendable (Call) throws(GoogleError) -> PolicyOwner
    ) -> [Endpoint] {
        [
            Endpoint(
                .get,
                path + ":getIamPolicy",
                .caller(get),
                query: .only(["options.requestedPolicyVersion"])
            ) { call in try await self.find(call, owner(call)) },
            Endpoint(.post, path + ":setIamPolicy", .caller(set)) { call in try await self.set(call, owner(call)) },
            Endpoint(.post, path + ":testIamPermissions", .caller(test)) { call in
                try await self.test(call, owner(call))
            },
        ]
    }

    private func find(_ call: Call, _ owner: PolicyOwner) async throws -> Answer {
        let version = try call.query.integer("options.requestedPolicyVersion", in: 0...3) ?? 1
        guard IAMPolicySchema.versions.contains(Int64(version)) else {
            throw GoogleError.invalidField("requestedPolicyVersion")
        }
        let policy = Self.policy(try await self.archive.policy(of: owner))
        return try call.answer(.object(version == 3 ? policy : Self.withoutConditions(policy)))
    }

    private func set(_ call: Call, _ owner: PolicyOwner) async throws -> Answer {
        let body = try await call.jsonObject()
        for name in body.keys where name != "policy" && name != "updateMask" {
            throw GoogleError.unknownField(name, in: "request")
        }
        guard case .object(let sent)? = body["policy"] else { throw GoogleError.invalidField("policy") }
        let members = try IAMPolicySchema.schema.read(sent)
        let mask = try Self.mask(body["updateMask"])
        let text = try await self.archive.policy(of: owner)
        let current = Self.policy(text)
        if case .string(let etag)? = JSONNode.object(members)["etag"],
            JSONNode.string(etag) != JSONNode.object(current)["etag"]
        {
            throw Self.concurrent
        }
        let kept = Self.written(members, over: current, mask: mask)
        do {
            try await self.archive.setPolicy(of: owner, JSONNode.object(kept).text(), replacing: text)
        } catch ArchiveError.changed {
            throw Self.concurrent
        }
        return try call.answer(.object(kept))
    }

    private func test(_ call: Call, _ owner: PolicyOwner) async throws -> Answer {
        let body = try await call.jsonObject()
        for name in body.keys where name != "permissions" { throw GoogleError.unknownField(name, in: "request") }
        _ = try await self.archive.policy(of: owner)
        let elements = body["permissions"]?.elements ?? []
        guard elements.count <= Self.permissionsMax else { throw GoogleError.invalidField("permissions") }
        var permissions: [JSONNode] = []
        for element in elements {
            guard let text = element.text, Self.permissions(on: owner).contains(text) else {
                throw GoogleError(.invalidArgument, "A permission is not valid for this resource.")
            }
            if !permissions.contains(.string(text)) { permissions.append(.string(text)) }
        }
        return try call.answer(permissions.isEmpty ? [:] : ["permissions": .array(permissions)])
    }

    static let concurrent = GoogleError(
        .aborted,
        """
        There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.
        """
    )

    // MARK: Policies

    /// The members of a kept text; those of the empty policy where there is none.
    private static func policy(_ text: [UInt8]?) -> [JSONMember] {
        guard let text, let policy = StrictJSON(parsing: text) else {
            return [JSONMember(name: "etag", value: .string(self.emptyETag))]
        }
        return JSONNode(policy).members
    }

    /// What is kept after a change: roles without members are left out, and the etag is another one.
    private static func written(
        _ sent: [JSONMember],
        over current: [JSONMember],
        mask: Set<String>
    ) -> [JSONMember] {
        let source = JSONNode.object(mask.contains("bindings") ? sent : current)
        var bindings: [JSONNode] = []
        if case .array(let all)? = source["bindings"] {
            bindings = all.filter { $0["members"].map { $0 != .array([]) } ?? false }
        }
        let hasCondition = bindings.contains { $0["condition"] != nil }
        var kept = [JSONMember(name: "version", value: .integer(hasCondition ? 3 : 1))]
        kept.append(JSONMember(name: "etag", value: .string(Hexadecimal.encode(SecureRandom.bytes(6)))))
        if !bindings.isEmpty { kept.append(JSONMember(name: "bindings", value: .array(bindings))) }
        return kept
    }

    /// The policy as readers of the first version see it: bindings with conditions go by another role's name.
    private static func withoutConditions(_ policy: [JSONMember]) -> [JSONMember] {
        policy.map { member in
            guard member.name == "bindings", case .array(let bindings) = member.value else {
                return member.name == "version" ? JSONMember(name: "version", value: .integer(1)) : member
            }
            let shown = bindings.map { binding -> JSONNode in
                guard let condition = binding["condition"], case .string(let role)? = binding["role"] else {
                    return binding
                }
                let mark = Hexadecimal.encode(SHA256.hash(condition.text()).prefix(10))
                return .object(
                    [JSONMember(name: "role", value: .string("\(role)_withcond_\(mark)"))]
                        + binding.members.filter { $0.name == "members" }
                )
            }
            return JSONMember(name: "bindings", value: .array(shown))
        }
    }

    /// The fields that a change is about; the bindings where nothing is said.
    private static func mask(_ value: StrictJSON?) throws(GoogleError) -> Set<String> {
        guard let value, value != .null else { return ["bindings", "etag"] }
        guard let text = value.text else { throw .invalidField("updateMask") }
        let names = Set(text.split(separator: ",").map(String.init))
        guard names.isSubset(of: ["bindings", "etag", "version"]) else { throw .invalidField("updateMask") }
        return names.isEmpty ? ["bindings", "etag"] : names
    }

    /// What can be asked about on a resource of the kind.
    private static func permissions(on owner: PolicyOwner) -> Set<String> {
        let datasets = [
            "create", "deidentify", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update",
        ].map { "healthcare.datasets.\($0)" }
        let stores = [
            "create", "deidentify", "delete", "dicomWebDelete", "dicomWebRead", "dicomWebUpdate", "dicomWebWrite",
            "export", "get", "getIamPolicy", "import", "list", "setIamPolicy", "update",
        ].map { "healthcare.dicomStores.\($0)" }
        switch owner {
        case .dataset: return Set(datasets + stores + ["cancel", "get", "list"].map { "healthcare.operations.\($0)" })
        case .store: return Set(stores)
        }
    }
}
