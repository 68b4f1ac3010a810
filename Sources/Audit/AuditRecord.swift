/// One thing that somebody did, or was kept from doing.
///
/// Nothing in it is free text of a request: names of routes and permissions are ours, identifiers are those of DICOM, and
/// no token, key, cookie or name of a patient has a place.
package struct AuditRecord: Sendable, Hashable {
    /// When, in milliseconds since 1970; for repeats, when the last of them was.
    package var timeMilliseconds: Int64
    package var caller: Caller
    package var action: Action
    package var subject: Subject
    package var outcome: Outcome
    /// The id of the request; for repeats, that of the first.
    package var requestID: String
    /// The grounds of the access decision, or its id; nil where none was taken.
    package var decision: String?
    /// How many times: more than one only where ``isRepeats``.
    package var count: Int
    /// Whether this counts the repeats, within a minute, of a record that stands before it.
    package var isRepeats: Bool

    package init(
        timeMilliseconds: Int64,
        caller: Caller,
        action: Action,
        subject: Subject,
        outcome: Outcome,
        requestID: String,
        decision: String? = nil,
        count: Int = 1,
        isRepeats: Bool = false
    ) {
        self.timeMilliseconds = timeMilliseconds
        self.caller = caller
        self.action = action
        self.subject = subject
        self.outcome = outcome
        self.requestID = requestID
        self.decision = decision
        self.count = count
        self.isRepeats = isRepeats
    }

    /// Who did it.
    package struct Caller: Sendable, Hashable {
        /// The text of the principal.
        package var principal: String
        /// By what it was known.
        package var method: String
        /// Why it looked, as a code; nil where nobody said.
        package var purpose: String?
        /// The address of the client; nil where there was none.
        package var address: String?

        package init(principal: String, method: String, purpose: String? = nil, address: String? = nil) {
            self.principal = principal
            self.method = method
            self.purpose = purpose
            self.address = address
        }
    }

    /// What was done.
    package struct Action: Sendable, Hashable {
        /// The name of the permission that it needs.
        package var permission: String
        /// The method and the template of the route, such as `GET /api/v1/stores/{store}/studies/{study}`.
        package var route: String

        package init(permission: String, route: String) {
            self.permission = permission
            self.route = route
        }
    }

    /// What it was done to.
    package struct Subject: Sendable, Hashable {
        package var store: String?
        package var study: String?
        package var series: String?
        package var instance: String?
        /// Whose study it was then; nil where nobody knows.
        package var patient: Patient?

        package init(
            store: String? = nil,
            study: String? = nil,
            series: String? = nil,
            instance: String? = nil,
            patient: Patient? = nil
        ) {
            self.store = store
            self.study = study
            self.series = series
            self.instance = instance
            self.patient = patient
        }
    }

    /// A patient, by ID and by who gave it out.
    package struct Patient: Sendable, Hashable {
        package var id: String
        package var issuer: String?

        package init(id: String, issuer: String? = nil) {
            self.id = id
            self.issuer = issuer
        }
    }

    /// What became of it.
    package enum Outcome: String, Sendable, CaseIterable {
        case success
        /// The caller may not, whatever it was told.
        case refused
        /// It was allowed and did not come about.
        case failed
    }
}

extension AuditRecord {
    /// What makes two records repeats of each other within one minute.
    ///
    /// Series and instances are left out: a look at a study is one look, however many slices it has.
    struct Fold: Hashable, Sendable {
        let minute: Int64
        let caller: Caller
        let action: Action
        let store: String?
        let study: String?
        let outcome: Outcome
        /// A look that another rule allows is another one.
        let decision: String?

        /// By who looked at what, when and from where, which tells nearly all apart: to hash ten texts takes longer than to compare them.
        func hash(into hasher: inout Hasher) {
            hasher.combine(self.minute)
            hasher.combine(self.caller.principal)
            hasher.combine(self.caller.address)
            hasher.combine(self.study)
            hasher.combine(self.action.route)
        }
    }

    var fold: Fold {
        Fold(
            minute: self.timeMilliseconds / 60_000,
            caller: self.caller,
            action: self.action,
            store: self.subject.store,
            study: self.subject.study,
            outcome: self.outcome,
            decision: self.decision
        )
    }
}
