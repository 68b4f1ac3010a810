package import CollimatorCore

/// One rule: who may, or may not, do what with what, and under which condition.
package struct AccessRule: Sendable, Hashable {
    package var id: String
    package var effect: AccessEffect
    package var principal: Principal
    /// The name of a role.
    package var role: String
    package var resource: RuleResource
    package var condition = RuleCondition()
    package var request = RequestCondition()
    /// Whether segmentations, reports, presentation states, key objects and structure sets go with the series that they
    /// refer to.
    package var includesDerived = true
    /// Whether it stands for a binding of the store's IAM policy.
    package var isDirect = false
    /// Whom such a binding names, as IAM writes members; nil where nobody has said it.
    ///
    /// It cannot be worked out: a principal is never an e-mail address, and IAM knows people by theirs.
    package var iamMember: String?

    package init(
        id: String,
        _ effect: AccessEffect,
        _ principal: Principal,
        role: String,
        on resource: RuleResource
    ) {
        self.id = id
        self.effect = effect
        self.principal = principal
        self.role = role
        self.resource = resource
    }
}

/// What a rule is about.
package enum RuleResource: Sendable, Hashable {
    case allStores
    case store(StoreName)
    case study(StoreName, studyUID: String)
    case series(StoreName, studyUID: String, seriesUID: String)

    /// Whether it is less than a store.
    var isBelowStore: Bool {
        switch self {
        case .allStores, .store: false
        case .study, .series: true
        }
    }
}

/// What a rule asks of the request.
package struct RequestCondition: Sendable, Hashable {
    /// Any of these purposes; empty where none is asked for.
    package var purposesOfUse: Set<String> = []
    package var timeOfDay: TimeOfDay?
    /// In seconds since 1970, from then on.
    package var notBeforeSeconds: Int64?
    /// In seconds since 1970, until then.
    package var expiresAtSeconds: Int64?

    package init() {}

    /// Whether it asks for nothing that changes from one request to the next.
    package var isEmpty: Bool { self == RequestCondition() }

    /// A period of the day in a zone; one that ends before it begins goes over midnight.
    package struct TimeOfDay: Sendable, Hashable {
        package let fromMinute: Int
        package let toMinute: Int
        package let zone: ClockZone

        package init(fromMinute: Int, toMinute: Int, zone: ClockZone) {
            self.fromMinute = fromMinute
            self.toMinute = toMinute
            self.zone = zone
        }

        func contains(_ timeSeconds: Int64) -> Bool {
            let minute = self.zone.minuteOfDay(at: timeSeconds)
            return self.fromMinute <= self.toMinute
                ? (self.fromMinute..<self.toMinute).contains(minute)
                : minute >= self.fromMinute || minute < self.toMinute
        }
    }

    /// A request that does not say its purpose gains nothing by a rule that asks for one, and is not spared by it.
    func holds(for subject: AccessSubject, _ effect: AccessEffect) -> Bool {
        if let notBeforeSeconds, subject.timeSeconds < notBeforeSeconds { return false }
        if let expiresAtSeconds, subject.timeSeconds >= expiresAtSeconds { return false }
        if let timeOfDay, !timeOfDay.contains(subject.timeSeconds) { return false }
        guard !self.purposesOfUse.isEmpty else { return true }
        guard let purpose = subject.purposeOfUse else { return effect == .deny }
        return self.purposesOfUse.contains(purpose)
    }
}
