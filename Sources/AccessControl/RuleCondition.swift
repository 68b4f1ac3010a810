/// What a rule asks of a study and its series: all of it must hold; of several values of one term any.
package struct RuleCondition: Sendable, Hashable {
    package var patients: Set<PatientIdentity> = []
    /// Exact, or with `*` for any characters; letters of ASCII in either case.
    package var texts: [StudyProperty: Set<String>] = [:]
    /// The first day, `YYYYMMDD`.
    package var dateFrom: String?
    /// The last day, `YYYYMMDD`.
    package var dateTo: String?
    /// Selects studies by all modalities in them.
    package var modalitiesInStudy: Set<String> = []
    /// Filters series.
    package var modalities: Set<String> = []
    /// Only series of which every instance was stored by the caller.
    package var isOwnUploads = false

    package init() {}

    /// Whether it asks for nothing.
    package var isEmpty: Bool { self == RuleCondition() }

    var filtersSeries: Bool { !self.modalities.isEmpty || self.isOwnUploads }
}

/// Whether a condition gives or takes away: it decides what a missing or a conflicting value means.
package enum AccessEffect: String, Sendable, CaseIterable {
    case allow
    case deny

    /// For an allowance every value must pass, for a denial any; a missing value allows nothing and denies.
    func holds<Values: Collection>(_ values: Values, isKnown: Bool = true, _ test: (Values.Element) -> Bool) -> Bool {
        guard isKnown, !values.isEmpty else { return self == .deny }
        return self == .allow ? values.allSatisfy(test) : values.contains(where: test)
    }
}
