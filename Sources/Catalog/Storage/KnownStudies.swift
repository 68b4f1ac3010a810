internal import Persistence

/// What is known in memory of a search's conditions: the studies that have all of their common values.
///
/// It is looked for where many studies come into question. Two common words may have few studies in common, or none: that
/// is known here at once, where a walk along either would look at thousands of studies one by one.
struct KnownStudies {
    /// Studies beside which none can meet the conditions; among them may be some that are no more.
    let members: StudySet
    /// The conditions, by index, that hold of all members.
    let decided: Set<Int>
    /// How many of the members may be no more.
    private let goneMax: Int64

    /// What a set that need not be read takes.
    private static let quick = Duration.milliseconds(10)
    /// A source that decides everything is read where it has no more rows.
    private static let rowsRead = 2_048
    /// Values of one condition of which a study must have one.
    fileprivate static let valuesMax = 4

    /// Nil where nothing is known, or nothing would be gained.
    init?(_ run: StudySearchRun, _ estimates: [SearchPlanner.Estimate]) throws {
        guard let sets = run.sets, Self.isOfUse(to: run, estimates), let moment = try run.moment() else { return nil }
        let end = ContinuousClock.now + run.effort.setTime
        var members = run.known?.members
        var decided = run.known?.decided ?? []
        var goneMax = run.known?.goneMax ?? 0
        var isFirst = true
        for (index, condition) in run.query.conditions.enumerated() {
            guard let groups = condition.keys else { continue }
            var isDecided = true
            for group in groups {
                var studies: StudySet?
                for key in group {
                    let began = ContinuousClock.now
                    let set = try sets.studies(
                        key,
                        at: moment,
                        on: run.connection,
                        until: end,
                        isFirst: isFirst,
                        insists: run.effort.mayScan
                    )
                    // One may take longer than there is time: none would ever be whole else.
                    if set == nil || ContinuousClock.now - began > Self.quick { isFirst = false }
                    guard let set else {
                        studies = nil
                        isDecided = false
                        break
                    }
                    goneMax = max(goneMax, set.goneMax)
                    if studies == nil { studies = set.studies } else { studies?.formUnion(set.studies) }
                }
                guard let studies else { continue }
                if members == nil { members = studies } else { members?.formIntersection(studies) }
            }
            if isDecided, !groups.isEmpty { decided.insert(index) }
        }
        guard let members else { return nil }
        self.members = members
        self.decided = decided
        self.goneMax = goneMax
    }

    /// What is picked of what may be seen, which is the condition of the run at the index; nil where more may be seen than
    /// what is picked, and while it is being read.
    init?(_ visible: VisibleStudies, condition: Int, _ run: StudySearchRun) throws {
        guard run.effort.remembersVisible, let sets = run.sets, visible.isPicked, var moment = try run.moment()
        else { return nil }
        let end = ContinuousClock.now + run.effort.setTime
        var members = StudySet()
        var goneMax: Int64 = 0
        for store in visible.stores {
            guard store.allowed.selectors.count <= run.effort.namesInStatementMax else { return nil }
            let picked = StudySets.Key.Picked(
                store: store.number,
                selectors: store.allowed.selectors.sorted(),
                names: store.allowed.studies.identity
            )
            moment.revision = store.revision
            let insists = run.effort.mayScan
            let set = try sets.studies(
                .picked(picked),
                at: moment,
                on: run.connection,
                until: end,
                isFirst: store.number == visible.stores.first?.number,
                insists: insists
            )
            guard let set else { return nil }
            goneMax = max(goneMax, set.goneMax)
            members.formUnion(set.studies)
        }
        self.members = members
        self.decided = visible.isWhatIsPicked ? [condition] : []
        self.goneMax = goneMax
    }

    /// Whether the other plans would look at much.
    private static func isOfUse(to run: StudySearchRun, _ estimates: [SearchPlanner.Estimate]) -> Bool {
        let sources = estimates.filter { estimate in
            run.query.conditions.enumerated().allSatisfy { estimate.source.decides($0, $1) }
        }
        if run.effort.candidatesBeforeSets == 0 { return true }
        return sources.allSatisfy { estimate in
            // Along one value the page is found at once.
            if run.query.order.key == .moment, case .values(let range) = estimate.source, range.isOneValue {
                return false
            }
            return estimate.count > min(Self.rowsRead, run.effort.candidatesMax)
        }
    }

    /// The members as candidates.
    var source: CandidateSource { .members(self.members.members(), decided: self.decided) }

    /// Whether they meet all conditions but those on days and the stores.
    func decidesAll(_ run: StudySearchRun) -> Bool {
        run.query.conditions.enumerated().allSatisfy { index, condition in
            if case .days = condition { return true }
            return self.decided.contains(index)
        }
    }

    /// How many match in all, where the members tell; nil where the matches have to be looked at.
    func total(_ run: StudySearchRun, upTo limit: Int) -> StudyPage.Total? {
        guard run.neededStores == nil, run.query.conditions.indices.allSatisfy(self.decided.contains)
        else { return nil }
        if self.members.count - Int(self.goneMax) > limit { return .atLeast(limit) }
        return self.goneMax == 0 ? .exact(self.members.count) : nil
    }
}

extension StudyCondition {
    /// The values of which a study must have one of each group; nil where that is not all that the condition asks, or where
    /// it names many.
    fileprivate var keys: [[StudySets.Key]]? {
        switch self {
        case .anyOf(.studyInstanceUID, _), .days, .changedAfter, .updatedSince, .attribute, .visible:
            return nil
        case .anyOf(let attribute, let values):
            let keys = Set(values.map(attribute.form.comparable)).filter { !$0.isEmpty }
            guard (1...KnownStudies.valuesMax).contains(keys.count) else { return nil }
            return [keys.sorted().map { StudySets.Key(attributes: [attribute], bounds: .equal($0)) }]
        case .words(let attribute, let words):
            return attribute.words.map { Self.keys(of: words, in: [attribute, $0]) }
        case .text(let words):
            return Self.keys(of: words, in: StudyAttribute.freeTextWords)
        case .pattern(let attribute, let pattern):
            guard attribute != .studyInstanceUID, attribute.whole == nil,
                let interval = ValueInterval(attribute, pattern), pattern.isDecided(by: interval)
            else { return nil }
            return [[StudySets.Key(attributes: [attribute], bounds: interval.bounds)]]
        }
    }

    private static func keys(of words: [String], in attributes: [StudyAttribute]) -> [[StudySets.Key]] {
        words.flatMap { SearchText.typedWords($0) }.map { word in
            [StudySets.Key(attributes: attributes, bounds: ValueInterval.prefix(word, of: attributes[0]).bounds)]
        }
    }
}

extension StudySearchRun {
    /// The state of the catalog that this search sees.
    fileprivate func moment() throws -> StudySets.Moment? {
        var numbers: [String: Int64] = [:]
        for row in try self.connection.query("SELECT name, value FROM counter WHERE name IN ('change', 'study')") {
            numbers[try row.text(0)] = try row.integer(1)
        }
        guard let change = numbers["change"], let last = numbers["study"] else { return nil }
        // Each number was a study once: what is not there any more has gone.
        return StudySets.Moment(change: change, gone: last - Int64(self.allCount))
    }
}
