/// The name of a subscription of Pub/Sub: `projects/{project}/subscriptions/{subscription}`.
package struct SubscriptionName: Hashable, Sendable, CustomStringConvertible {
    package let project: String
    package let id: String

    /// Nil where the text is no such name.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "projects", parts[2] == "subscriptions",
            (1...256).contains(parts[1].utf8.count), (3...255).contains(parts[3].utf8.count),
            parts[1].utf8.allSatisfy(Self.isNameByte), parts[3].utf8.allSatisfy(Self.isNameByte)
        else { return nil }
        self.project = String(parts[1])
        self.id = String(parts[3])
    }

    package var description: String { "projects/\(self.project)/subscriptions/\(self.id)" }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.~+%:".utf8.contains(byte)
        }
    }
}
