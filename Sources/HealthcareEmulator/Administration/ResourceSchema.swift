internal import Cryptography

/// The fields of a resource that a caller may write: how each is checked, and what a change of some of them leaves.
///
/// The archive keeps the text of these fields and nothing else; names are put in front when the resource is shown.
struct ResourceSchema: Sendable {
    /// What the upstream calls the resource in its messages.
    let resource: StaticString
    let fields: [Field]
    /// Rules that concern several fields.
    var check: @Sendable (_ members: [JSONMember]) throws(GoogleError) -> Void = { _ in }

    /// One field.
    struct Field: Sendable {
        let name: String
        /// Checks the value; nil where it is the default, which is not kept.
        ///
        /// A null is the default of every field and does not come here.
        let read: @Sendable (StrictJSON) throws(GoogleError) -> JSONNode?
        /// What only the server says is passed over when a caller sends it.
        let isOutputOnly: Bool

        init(
            _ name: String,
            isOutputOnly: Bool = false,
            read: @escaping @Sendable (StrictJSON) throws(GoogleError) -> JSONNode? = { _ in nil }
        ) {
            self.name = name
            self.isOutputOnly = isOutputOnly
            self.read = read
        }
    }

    /// The members that are kept of a body, in the order of the schema.
    func read(_ object: [String: StrictJSON]) throws(GoogleError) -> [JSONMember] {
        let members = try self.members(of: object)
        try self.check(members)
        return members
    }

    /// The members after a PATCH: those that the mask names come from the body, the others stay.
    func patch(
        _ current: [JSONMember],
        with object: [String: StrictJSON],
        mask: String?
    ) throws(GoogleError) -> [JSONMember] {
        guard let mask, !mask.isEmpty else {
            throw GoogleError(.invalidArgument, "Invalid request: the update mask is required.")
        }
        let changes = try self.members(of: object)
        var members: [JSONMember] = []
        let names = try self.names(in: mask)
        for field in self.fields where !field.isOutputOnly {
            let source = names.contains(field.name) ? changes : current
            if let member = source.first(where: { $0.name == field.name }) { members.append(member) }
        }
        try self.check(members)
        return members
    }

    private func members(of object: [String: StrictJSON]) throws(GoogleError) -> [JSONMember] {
        var values: [String: JSONNode] = [:]
        for (name, value) in object {
            guard let field = self.field(name) else { throw .unknownField(name, in: self.resource) }
            if field.isOutputOnly || value == .null { continue }
            values[field.name] = try field.read(value)
        }
        return self.fields.compactMap { field in
            values[field.name].map { JSONMember(name: field.name, value: $0) }
        }
    }

    /// Field names in `camelCase` or `snake_case`, as the JSON form of protocol buffers takes both.
    private func field(_ name: String) -> Field? {
        let name = Self.camelCase(name)
        return self.fields.first { $0.name == name }
    }

    private func names(in mask: String) throws(GoogleError) -> Set<String> {
        if mask == "*" { return Set(self.fields.map(\.name)) }
        var names: Set<String> = []
        for path in mask.split(separator: ",", omittingEmptySubsequences: false) {
            guard let field = self.field(String(path)), !field.isOutputOnly else {
                throw GoogleError(
                    .invalidArgument,
                    naming: "Invalid update mask: \"\(EchoedName(path))\" is not a field that can be updated."
                )
            }
            names.insert(field.name)
        }
        return names
    }

    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        guard let first = words.first, words.allSatisfy({ !$0.isEmpty }) else { return name }
        return words.dropFirst().reduce(String(first)) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
    }
}

extension GoogleError {
    static func unknownField(_ name: String, in resource: StaticString) -> GoogleError {
        GoogleError(
            .invalidArgument,
            naming: """
                Invalid JSON payload received. Unknown name "\(EchoedName(name))" at '\(EchoedName("\(resource)"))': \
                Cannot find field.
                """
        )
    }

    static func invalidField(_ name: String) -> GoogleError {
        GoogleError(.invalidArgument, naming: "Invalid value at '\(EchoedName(name))'.")
    }
}
