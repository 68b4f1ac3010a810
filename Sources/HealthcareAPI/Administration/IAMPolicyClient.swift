package import CollimatorCore
internal import Cryptography

/// Reads and changes the IAM policies of datasets and DICOM stores, with a credential that may.
package struct IAMPolicyClient: Sendable {
    /// How often a change is worked out anew because somebody else changed the policy meanwhile.
    package static let changesMax = 5

    private let exchange: AdministrationExchange
    private let timing: CredentialTiming
    private let policy: RequestPolicy

    /// - Parameters:
    ///   - endpoint: the address of the Healthcare API or of the emulator.
    ///   - tokens: tokens that allow to read and set policies.
    ///   - connections: how to reach it.
    ///   - timing: replaced by tests.
    package init(
        endpoint: ServiceAddress = .healthcare,
        tokens: AccessTokenSource,
        connections: UpstreamConnections,
        timing: CredentialTiming = .live
    ) {
        self.init(
            endpoint: endpoint,
            authorization: tokens.authorization,
            connections: connections,
            timing: timing
        )
    }

    /// With the value of the `Authorization` header, nil for none, as a DICOMweb client is given it.
    package init(
        endpoint: ServiceAddress,
        authorization: @escaping @Sendable (_ refreshing: Bool) async throws -> String?,
        connections: UpstreamConnections,
        timing: CredentialTiming = .live
    ) {
        let policy = RequestPolicy(attemptDeadline: .seconds(30))
        self.timing = timing
        self.policy = policy
        self.exchange = AdministrationExchange(
            endpoint: endpoint,
            authorization: authorization,
            connections: connections,
            timing: timing,
            policy: policy
        )
    }

    private static let readVerb: StaticString = ":getIamPolicy?options.requestedPolicyVersion=3"

    /// The policy of the store or dataset, its conditions too.
    ///
    /// - Throws: `not-found` where there is no such thing.
    package func find(_ resource: IAMResource) async throws -> IAMPolicy {
        guard let answer = try await self.exchange.find(resource.description, verb: Self.readVerb) else {
            throw CollimatorError(.notFound, "the upstream has no such store or dataset")
        }
        return try IAMPolicy(parsing: answer)
    }

    /// The same; nil where the credential may not read it.
    package func findIfAllowed(_ resource: IAMResource) async throws -> IAMPolicy? {
        try await self.exchange.find(resource.description, verb: Self.readVerb, absent: 403).map { answer in
            try IAMPolicy(parsing: answer)
        }
    }

    /// Changes the policy of the store or dataset: reads it, has the change worked out, and writes it with the etag that was read.
    ///
    /// Where somebody else changed it meanwhile all of that is done again, a few times. `change` gives nil where there
    /// is nothing to do.
    /// - Returns: the policy as it is afterwards.
    /// - Throws: `conflict` where others were quicker each time; `upstream-invalid` for a policy without an etag, which
    ///   could not be changed safely.
    package func change(
        _ resource: IAMResource,
        _ change: (IAMPolicy) throws -> IAMPolicy?
    ) async throws -> IAMPolicy {
        for attempt in 1...Self.changesMax {
            let before = try await self.find(resource)
            guard let after = try change(before) else { return before }
            guard before.etag != nil, after.etag == before.etag else {
                throw CollimatorError(.upstreamInvalid, "the policy has no etag to be changed with")
            }
            if let answer = try await self.exchange.set(resource.description, after) {
                return try IAMPolicy(parsing: answer)
            }
            guard attempt < Self.changesMax else { break }
            try await self.timing.sleep(
                self.policy.delay(afterAttempt: attempt, jitter: self.timing.jitter(), retryAfter: nil)
            )
        }
        throw CollimatorError(.conflict, "the policy was changed by others each time")
    }
}

extension IAMPolicy {
    /// Reads the JSON of the Healthcare API; a binding that cannot be read is a fault and never left out.
    init(parsing json: StrictJSON) throws(CollimatorError) {
        guard case .object = json else { throw Self.unreadable }
        var bindings: [IAMBinding] = []
        for binding in json["bindings"]?.elements ?? [] {
            guard let role = binding["role"]?.text else { throw Self.unreadable }
            var members: [String] = []
            for member in binding["members"]?.elements ?? [] {
                guard let text = member.text else { throw Self.unreadable }
                members.append(text)
            }
            bindings.append(
                IAMBinding(role: role, members: members, condition: try Self.condition(binding["condition"]))
            )
        }
        self.init(version: Int(json["version"]?.number ?? 1), etag: json["etag"]?.text, bindings: bindings)
    }

    /// The JSON that sets it.
    var text: String {
        let bindings = self.bindings.map { binding in
            let members = binding.members.map(StrictJSON.quoted).joined(separator: ",")
            let condition = binding.condition.map { #","condition":\#(Self.text($0))"# } ?? ""
            return #"{"role":\#(StrictJSON.quoted(binding.role)),"members":[\#(members)]\#(condition)}"#
        }
        let version = self.bindings.contains { $0.condition != nil } ? 3 : 1
        let etag = self.etag.map { #","etag":\#(StrictJSON.quoted($0))"# } ?? ""
        return #"{"version":\#(version)\#(etag),"bindings":[\#(bindings.joined(separator: ","))]}"#
    }

    private static func text(_ condition: IAMCondition) -> String {
        let members = [
            ("title", condition.title), ("expression", condition.expression),
            ("description", condition.description), ("location", condition.location),
        ].compactMap { name, value in value.map { "\"\(name)\":\(StrictJSON.quoted($0))" } }
        return "{\(members.joined(separator: ","))}"
    }

    private static func condition(_ json: StrictJSON?) throws(CollimatorError) -> IAMCondition? {
        guard let json, json != .null else { return nil }
        guard let expression = json["expression"]?.text else { throw Self.unreadable }
        return IAMCondition(
            title: json["title"]?.text,
            expression: expression,
            description: json["description"]?.text,
            location: json["location"]?.text
        )
    }

    private static var unreadable: CollimatorError {
        CollimatorError(.upstreamInvalid, "the upstream's answer is no policy")
    }
}
