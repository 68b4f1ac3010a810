import CollimatorCore

/// A plan as the gateway gives it.
struct IAMPlanText: Decodable, Sendable, Equatable {
    let policyVersion: Int
    let drift: Bool?
    let resources: [Resource]
    let unmapped: [Unmapped]

    struct Resource: Decodable, Sendable, Equatable {
        let resource: String
        let readable: Bool
        let additions: [Grant]
        let removals: [Grant]

        var isEmpty: Bool { self.additions.isEmpty && self.removals.isEmpty }

        /// Nil where the text names neither a store nor a dataset.
        var name: IAMResource? {
            DICOMStoreName(self.resource).map { .store($0) } ?? DatasetName(self.resource).map { .dataset($0) }
        }
    }

    struct Grant: Decodable, Sendable, Equatable {
        let role: String
        let member: String
        let rules: [String]?
        let beyond: [String]?

        var grant: IAMGrant { IAMGrant(role: self.role, member: self.member) }
    }

    struct Unmapped: Decodable, Sendable, Equatable {
        let rule: String
        let reason: String
    }

    /// Whether the same would be changed.
    func isSame(as other: IAMPlanText) -> Bool {
        self.resources == other.resources
    }

    /// What a person reads of it.
    var lines: [String] {
        var lines: [String] = []
        for resource in self.resources where !resource.isEmpty || !resource.readable {
            lines.append(resource.resource)
            if !resource.readable { lines.append("  ? the gateway may not read the policy") }
            for grant in resource.additions {
                let beyond = grant.beyond ?? []
                let more = beyond.isEmpty ? "" : "; allows there also \(beyond.joined(separator: ", "))"
                let rules = (grant.rules ?? []).joined(separator: ", ")
                lines.append("  + \(grant.role)  \(grant.member)  (for \(rules)\(more))")
            }
            for grant in resource.removals { lines.append("  - \(grant.role)  \(grant.member)") }
        }
        for rule in self.unmapped { lines.append("not mapped: \(rule.rule)  (\(rule.reason))") }
        return lines.map(TextTable.clean)
    }

    var summary: String {
        let added = self.resources.reduce(0) { $0 + $1.additions.count }
        let removed = self.resources.reduce(0) { $0 + $1.removals.count }
        return added + removed == 0 ? "Nothing has to be changed." : "\(added) to add, \(removed) to remove."
    }

    /// The failure of whoever needs to know more than the gateway may read.
    var unreadable: CommandFailure {
        let names = self.resources.filter { !$0.readable }.map(\.resource).joined(separator: ", ")
        return CommandFailure.notDone(
            "The gateway may not read the IAM policy of \(TextTable.clean(names)).",
            remedy: "Give its service account getIamPolicy there."
        )
    }
}
