import CollimatorCore

/// The predefined roles of IAM that roles here map to, and what they allow there.
///
/// Each also allows to see locations and projects, which is left out. Together with ``RoleTable`` it is the one place that
/// says how the two kinds of roles go together; documents and tests are made from it.
package enum IAMRoleTable {
    /// One of them.
    package struct Row: Sendable, Hashable {
        package let role: String
        /// Whose policy binds it: a store's, or that of the dataset that the store is in.
        package let place: Place
        /// The role here that a binding of it is read as; it never allows more.
        package let readAs: String
        /// By the names of IAM.
        package let permissions: Set<String>
    }

    /// What has a policy.
    package enum Place: String, Sendable, CaseIterable {
        case store
        case dataset
    }

    package static let rows: [Row] = [
        Row(
            role: "roles/healthcare.dicomViewer",
            place: .store,
            readAs: "viewer",
            permissions: Self.seeing.union(Self.stores("dicomWebRead", "export"))
        ),
        Row(
            role: "roles/healthcare.dicomEditor",
            place: .store,
            readAs: "editor",
            permissions: Self.seeing.union(
                Self.stores("dicomWebRead", "dicomWebWrite", "dicomWebUpdate", "dicomWebDelete", "export", "import")
            ).union(["healthcare.operations.cancel"])
        ),
        Row(
            role: "roles/healthcare.dicomStoreViewer",
            place: .store,
            readAs: "store-viewer",
            permissions: Self.seeing
        ),
        Row(
            role: "roles/healthcare.dicomStoreAdmin",
            place: .store,
            readAs: "store-admin",
            permissions: Self.seeing.union(
                Self.stores(
                    "create",
                    "update",
                    "delete",
                    "deidentify",
                    "getIamPolicy",
                    "setIamPolicy",
                    "dicomWebDelete"
                )
            ).union(["healthcare.operations.cancel"])
        ),
        Row(
            role: "roles/healthcare.datasetViewer",
            place: .dataset,
            readAs: "dataset-viewer",
            permissions: Self.datasets("get", "list").union(["healthcare.operations.get"])
        ),
        Row(
            role: "roles/healthcare.datasetAdmin",
            place: .dataset,
            readAs: "dataset-admin",
            permissions: Self.datasets(
                "create",
                "get",
                "list",
                "update",
                "delete",
                "deidentify",
                "getIamPolicy",
                "setIamPolicy"
            ).union(["get", "list", "cancel"].map { "healthcare.operations.\($0)" })
        ),
    ]

    /// The row of the role; nil for one that nothing here maps to.
    package static func row(_ role: String) -> Row? { self.rows.first { $0.role == role } }

    /// The role here that a binding of an IAM role is read as; nil for one that nothing here maps to.
    package static func role(for iamRole: String) -> Role? {
        guard let name = Self.row(iamRole)?.readAs else { return nil }
        return RoleTable.predefined.first { $0.name == name }
    }

    /// What the IAM role of a role allows that the role itself does not, in order.
    package static func beyond(_ role: Role) -> [String] {
        guard let row = role.iamRole.flatMap({ Self.row($0) }) else { return [] }
        return row.permissions.subtracting(role.permissions.map(\.iamName)).sorted()
    }

    private static let seeing = stores("get", "list").union(Self.datasets("get", "list"))
        .union(["healthcare.operations.get"])

    private static func stores(_ names: String...) -> Set<String> { Set(names.map { "healthcare.dicomStores.\($0)" }) }

    private static func datasets(_ names: String...) -> Set<String> { Set(names.map { "healthcare.datasets.\($0)" }) }
}

extension Permission {
    /// The permission that IAM asks for the same.
    var iamName: String {
        self == .storageSettings ? Permission.dicomWebWrite.rawValue : self.rawValue
    }
}
