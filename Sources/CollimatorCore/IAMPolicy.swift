/// The IAM policy of a dataset or DICOM store, as far as it is read and written here.
package struct IAMPolicy: Hashable, Sendable {
    /// 1, or 3 where a binding has a condition.
    package var version: Int
    /// What the next change must show; nil where the upstream gave none.
    package var etag: String?
    package var bindings: [IAMBinding]

    package init(version: Int = 1, etag: String? = nil, bindings: [IAMBinding] = []) {
        self.version = version
        self.etag = etag
        self.bindings = bindings
    }

    /// What it grants without a condition.
    package var grants: Set<IAMGrant> {
        Set(
            self.bindings.filter { $0.condition == nil }.flatMap { binding in
                binding.members.map { IAMGrant(role: binding.role, member: $0) }
            }
        )
    }
}

/// A role and who holds it.
package struct IAMBinding: Hashable, Sendable {
    package var role: String
    package var members: [String]
    package var condition: IAMCondition?

    package init(role: String, members: [String], condition: IAMCondition? = nil) {
        self.role = role
        self.members = members
        self.condition = condition
    }
}

/// When a binding holds; it is kept as it is and never read here.
package struct IAMCondition: Hashable, Sendable {
    package var title: String?
    package var expression: String
    package var description: String?
    package var location: String?

    package init(
        title: String? = nil,
        expression: String,
        description: String? = nil,
        location: String? = nil
    ) {
        self.title = title
        self.expression = expression
        self.description = description
        self.location = location
    }
}

/// What has an IAM policy of its own here.
package enum IAMResource: Hashable, Sendable, CustomStringConvertible {
    case dataset(DatasetName)
    case store(DICOMStoreName)

    /// The whole name of it.
    package var description: String {
        switch self {
        case .dataset(let name): name.description
        case .store(let name): name.description
        }
    }
}

/// One role of one member, without a condition.
package struct IAMGrant: Hashable, Sendable, Comparable {
    package let role: String
    package let member: String

    package init(role: String, member: String) {
        self.role = role
        self.member = member
    }

    package static func < (left: IAMGrant, right: IAMGrant) -> Bool {
        (left.role, left.member) < (right.role, right.member)
    }
}
