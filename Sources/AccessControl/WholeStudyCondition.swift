package import Cryptography

/// What somebody asks of whole studies, in the form of the conditions of rules and with the meaning of those that allow: it
/// must hold for every distinct value, and a missing one fulfils nothing.
package struct WholeStudyCondition: Sendable, Hashable {
    private let condition: RuleCondition
    private let selector: RuleSelector

    /// Reads one; nil where it asks for nothing.
    ///
    /// - Parameters:
    ///   - value: an object as `condition` of a rule, without what is about series or about who asks.
    ///   - place: where it stands, for whoever is told of its faults.
    /// - Throws: ``PolicyFaults`` with every fault.
    package init?(_ value: StrictJSON, place: String) throws(PolicyFaults) {
        var reader = MemberReader(value)
        for name in Self.namesOfRequests where reader.take(name) != nil { reader.note(.requestCondition) }
        for name in Self.namesOfSeries where reader.take(name) != nil { reader.note(.seriesCondition) }
        let condition = reader.condition()
        reader.refuseOthers()
        for problem in condition.countProblems + condition.dateProblems { reader.note(problem) }
        guard reader.problems.isEmpty else {
            throw PolicyFaults(faults: reader.problems.map { PolicyFaults.Fault(place: place, problem: $0) })
        }
        guard !condition.isEmpty else { return nil }
        self.condition = condition
        self.selector = RuleSelector(.allow, condition, includesDerived: false)
    }

    /// There is nobody who asks at a certain time and for a certain purpose.
    private static let namesOfRequests = ["purposeOfUse", "timeOfDay", "notBefore", "expiresAt"]
    /// They pick series of a study, of which there is nothing to pick here, or mean the caller of a rule.
    private static let namesOfSeries = ["modality", "ownUploads"]

    /// Whether a study of these facts is meant; one of which nothing is known is not.
    package func holds(for facts: AccessFacts?) -> Bool {
        facts.map { self.selector.evaluate($0) } == .whole
    }

    /// As JSON; the same condition always gives the same.
    package var text: String { PolicyDocument.text(self.condition) }
}

extension WholeStudyCondition: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let bytes = Array(try container.decode(String.self).utf8)
        // It was not too long when it came, and was written again since.
        guard let value = StrictJSON(parsing: bytes, bytesMax: .max), let read = try Self(value, place: "condition")
        else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is no condition of ours")
        }
        self = read
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }
}
