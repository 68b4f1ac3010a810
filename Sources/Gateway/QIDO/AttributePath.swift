import DICOMweb

/// An attribute as a query names it (PS3.18 §8.3.4.1): a keyword or tag, or several with dots between that lead
/// through sequences.
struct AttributePath: Hashable, Sendable {
    let tags: [Tag]

    /// The most sequences on the way, and the attribute itself.
    static let tagsMax = 8

    /// Nil for a name that is no attribute, or none that is known here.
    init?(parsing name: some StringProtocol) {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let tags = parts.compactMap { Tag(attribute: $0) }
        guard (1...Self.tagsMax).contains(tags.count), tags.count == parts.count,
            tags.dropLast().allSatisfy({ $0.vr == .SQ || $0.vr == nil })
        else { return nil }
        // Clients ask for these by their name alone, though they stand in a sequence (PS3.18 Table 10.6.1-5).
        let isOfRequest = tags == [.scheduledProcedureStepID] || tags == [.requestedProcedureID]
        self.tags = isOfRequest ? [.requestAttributesSequence] + tags : tags
    }

    /// Whether the name has the form of an attribute's, known or not.
    ///
    /// What has it is meant as one: to pass over a misspelt one would answer with everything.
    static func isForm(_ name: String) -> Bool {
        name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
            if Tag(hex: part) != nil { return true }
            guard (2...64).contains(part.utf8.count), let first = part.utf8.first,
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
            else { return false }
            return part.utf8.allSatisfy(Self.isAlphanumeric)
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
