/// Whom a binding of an IAM policy names.
package enum IAMMember {
    /// The longest text of a member, in bytes.
    package static let textBytesMax = 1_024

    /// Whether the text names one person, service account, group, domain or federated identity, in the one form that IAM
    /// keeps: it folds addresses to small letters, and two texts of one member would never be found to be the same.
    ///
    /// Nobody makes a store public: `allUsers` and `allAuthenticatedUsers` are none.
    package static func isMember(_ text: String) -> Bool {
        guard text.utf8.count <= self.textBytesMax, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return false
        }
        if text.hasPrefix("principal://") || text.hasPrefix("principalSet://") {
            return text.contains("://iam.googleapis.com/") && !text.hasSuffix("/")
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return false }
        switch parts[0] {
        case "user", "serviceAccount", "group":
            let halves = parts[1].split(separator: "@", omittingEmptySubsequences: false)
            return halves.count == 2 && !halves[0].isEmpty && self.isDomain(halves[1])
        case "domain": return self.isDomain(parts[1])
        default: return false
        }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                !label.isEmpty
                    && label.utf8.allSatisfy { byte in
                        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
                    }
            }
    }
}
