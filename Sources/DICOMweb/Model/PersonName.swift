/// The value of an attribute of representation PN, in up to three groups of components (PS3.5 §6.2.1).
public struct PersonName: Hashable, Sendable {
    /// The group in single-byte or otherwise alphabetic characters, `Family^Given^Middle^Prefix^Suffix`.
    public var alphabetic: String?
    /// The group in ideographic characters.
    public var ideographic: String?
    /// The group in phonetic characters.
    public var phonetic: String?

    /// Makes a name of its groups.
    public init(alphabetic: String? = nil, ideographic: String? = nil, phonetic: String? = nil) {
        self.alphabetic = alphabetic
        self.ideographic = ideographic
        self.phonetic = phonetic
    }

    /// Reads the form used in files, the groups separated by `=`; empty groups are absent.
    public init(parsing text: some StringProtocol) {
        let groups = text.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false)
        func group(_ index: Int) -> String? {
            guard index < groups.count, !groups[index].isEmpty else { return nil }
            return String(groups[index])
        }
        self.init(alphabetic: group(0), ideographic: group(1), phonetic: group(2))
    }

    /// Whether no group holds anything.
    public var isEmpty: Bool {
        [self.alphabetic, self.ideographic, self.phonetic].allSatisfy { $0?.isEmpty ?? true }
    }

    /// The form used in files: the groups separated by `=`, trailing empty ones left out.
    public var text: String {
        var groups = [self.alphabetic ?? "", self.ideographic ?? "", self.phonetic ?? ""]
        while let last = groups.last, last.isEmpty { groups.removeLast() }
        return groups.joined(separator: "=")
    }
}
