package import CollimatorCore

/// Every permission, with the kinds of things it can be asked for and what it allows.
package enum PermissionTable {
    /// One permission.
    package struct Row: Sendable, Hashable {
        package let permission: Permission
        /// The kinds of things for which the permission is a sensible question.
        package let levels: ClosedRange<AccessResource.Level>
        /// What it allows, for documents and for people who grant it.
        package let summary: String
    }

    package static let rows: [Row] = [
        Row(permission: .storesList, levels: .service...(.service), summary: "list the stores"),
        Row(permission: .storesGet, levels: .store...(.store), summary: "see that a store exists and how it is set up"),
        Row(permission: .dicomWebRead, levels: .store...(.instance), summary: "search, retrieve and render imaging"),
        Row(permission: .dicomWebWrite, levels: .store...(.study), summary: "store imaging"),
        Row(permission: .dicomWebDelete, levels: .store...(.instance), summary: "delete imaging"),
        Row(permission: .signInsCreate, levels: .service...(.service), summary: "make a link that signs a browser in"),
    ]

    /// The row of the permission; nil for one that nobody has thought through.
    package static func row(_ permission: Permission) -> Row? {
        self.rows.first { $0.permission == permission }
    }
}
