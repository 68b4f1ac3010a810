/// The name of a topic or a subscription inside its project.
package struct PubSubName: Hashable, Sendable {
    package let project: String
    package let id: String

    /// Nil where the project is no resource identifier, or the name is not 3 to 255 of the letters of Pub/Sub.
    package init?(project: some StringProtocol, id: some StringProtocol) {
        guard (1...256).contains(project.utf8.count), project.utf8.allSatisfy(Self.isNameByte),
            (3...255).contains(id.utf8.count), let first = id.utf8.first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20), !id.hasPrefix("goog"),
            id.utf8.allSatisfy(Self.isNameByte)
        else { return nil }
        self.project = String(project)
        self.id = String(id)
    }

    /// Reads `projects/{project}/topics/{topic}`.
    package init?(topic text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "projects", parts[2] == "topics" else { return nil }
        self.init(project: parts[1], id: parts[3])
    }

    package var topic: String { "projects/\(self.project)/topics/\(self.id)" }
    package var subscription: String { "projects/\(self.project)/subscriptions/\(self.id)" }

    /// `[A-Za-z0-9-_.~+%]`.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.~+%".utf8.contains(byte)
        }
    }
}
