/// How a search goes about it.
enum SearchPlan {
    /// Few studies come into question: they are put in order and checked from the top until the page is full.
    case candidates(CandidateSource)
    /// Along the studies of the stores in the order of the list.
    case walk
    /// Along the studies of one value, which stand in order of time.
    case valueWalk(ValueInterval, CandidateSource)
}

/// Chooses the plan by estimate: on a million studies the wrong one costs a hundred times the right one.
///
/// Conditions are taken for independent of each other, and a condition that fills its bound for a tenth of all studies.
struct SearchPlanner {
    /// The search, with what is known of it in memory.
    let run: StudySearchRun
    /// The sources with the rows that each has, counted up to the bound.
    private let estimates: [Estimate]
    /// How many studies there are on the days that the query asks for.
    let domain: Double
    /// A source with fewer rows than this needs no comparison.
    private let rare: Int

    struct Estimate {
        let source: CandidateSource
        let count: Int
        let isCut: Bool
    }

    /// What is counted first.
    private static let rare = 256
    /// Rows of an index beside one statement for one candidate, measured.
    private static let checkCost = 20.0
    private static let rowCost = 1.0
    private static let lookupCost = 4.0
    private static let walkCost = 5.0
    private static let knownWalkCost = 1.5
    private static let commonShare = 0.1

    init(_ run: StudySearchRun) throws {
        let sources = CandidateSource.all(of: run.query).filter { source in
            // What may be seen is no source where memory has it.
            if case .visible(_, let condition) = source { !run.isKnown(condition) } else { true }
        }
        let rare = min(Self.rare, run.effort.candidatesMax)
        self.rare = rare
        var estimates = try sources.map { source in
            let count = try source.count(upTo: rare, run)
            return Estimate(source: source, count: count, isCut: count >= rare)
        }
        let bound = max(run.effort.candidatesMax, run.effort.examinedForTotalMax) + 1
        if estimates.allSatisfy(\.isCut), run.known.map({ $0.members.count >= rare }) ?? true {
            estimates = try sources.map { source in
                let count = Self.isKnownToHave(bound, source, run) ? bound : try source.count(upTo: bound, run)
                return Estimate(source: source, count: count, isCut: count >= bound)
            }
        }
        self.estimates = estimates
        var run = run
        if !estimates.isEmpty, estimates.allSatisfy({ $0.count >= run.effort.candidatesBeforeSets }) {
            run.known = try KnownStudies(run, estimates) ?? run.known
        }
        self.run = run
        let days = estimates.first { if case .days = $0.source { true } else { false } }
        self.domain = days.map { Self.size($0, of: run) } ?? Double(run.selectedCount)
    }

    /// The source with the fewest rows; nil where no condition has an index.
    var best: Estimate? { self.estimates.min { $0.count < $1.count } }

    /// Where all matches are among few candidates, most of which memory tells apart; nil where it does not.
    var quick: CandidateSource? {
        guard let known = self.run.known else { return nil }
        if let best, !best.isCut, self.isDecidedInMemory(best) { return best.source }
        guard known.members.count <= self.run.effort.examinedForTotalMax else { return nil }
        return known.members.count < best?.count ?? .max ? known.source : nil
    }

    /// Whether the source has so many rows as far as memory tells, without a look at the index.
    ///
    /// Fewer are counted: a set that is kept in memory may be old, and far more studies may have the value by now.
    private static func isKnownToHave(_ rows: Int, _ source: CandidateSource, _ run: StudySearchRun) -> Bool {
        guard case .values(let range) = source, let key = range.setKey else { return false }
        // The rows of one value are counted within the days.
        guard run.moments.isEverything || !source.isWithinDays else { return false }
        return run.sets?.count(key).map { $0 >= rows } ?? false
    }

    func plan() -> SearchPlan {
        if let best, best.count < self.rare { return .candidates(best.source) }
        if let known = self.run.known, known.members.count < self.rare { return .candidates(known.source) }
        var plan = (plan: SearchPlan.walk, cost: self.walkCost)
        if let known = self.run.known, known.members.count <= self.run.effort.candidatesMax {
            let isDecided = known.decidesAll(self.run)
            let count = Double(known.members.count)
            let cost = count * (Self.lookupCost + (isDecided ? 0 : Self.checkCost))
            if cost < plan.cost { plan = (.candidates(known.source), cost) }
        }
        for estimate in self.estimates where estimate.count <= self.run.effort.candidatesMax {
            let cost = self.cost(ofCandidates: estimate)
            if cost < plan.cost { plan = (.candidates(estimate.source), cost) }
        }
        guard self.run.query.order.key == .moment else { return plan.plan }
        for estimate in self.estimates {
            guard case .values(let range) = estimate.source, range.isOneValue, let interval = range.intervals.first
            else { continue }
            let cost = self.cost(ofWalkAlong: estimate)
            if cost <= plan.cost { plan = (.valueWalk(interval, estimate.source), cost) }
        }
        return plan.plan
    }

    private var wanted: Double { Double(self.run.wanted) }

    /// The share of the stores that are asked for in all.
    private var share: Double { Double(self.run.selectedCount) / Double(max(1, self.run.allCount)) }

    private var isByMoment: Bool { self.run.query.order.key == .moment }

    private var walkCost: Double {
        let domain = self.isByMoment ? self.domain : Double(self.run.selectedCount)
        let share = self.share(beside: nil, countsDays: !self.isByMoment)
        let isDecided = self.run.known?.decidesAll(self.run) ?? false
        let row = isDecided ? Self.knownWalkCost : Self.walkCost
        return min(domain, self.wanted / max(share, .leastNonzeroMagnitude)) * row
    }

    private func cost(ofCandidates estimate: Estimate) -> Double {
        let count = Double(estimate.count)
        let share = self.share(beside: estimate, countsDays: !estimate.source.isWithinDays) * self.share
        let isAlone = self.estimates.count == 1 && self.run.query.conditions.count == 1 && self.run.neededStores == nil
        let isChecked = !isAlone && !self.isDecidedInMemory(estimate)
        let checks = isChecked ? min(count, self.wanted / max(share, .leastNonzeroMagnitude)) : 0
        return count * (self.isByMoment ? Self.rowCost : Self.lookupCost) + checks * Self.checkCost
    }

    /// Whether what the source leaves open is known in memory of every candidate.
    private func isDecidedInMemory(_ estimate: Estimate) -> Bool {
        guard let known = self.run.known, self.run.neededStores == nil || estimate.source.isOfStores
        else { return false }
        return self.run.query.conditions.enumerated().allSatisfy { index, condition in
            estimate.source.decides(index, condition) || known.decided.contains(index)
        }
    }

    private func cost(ofWalkAlong estimate: Estimate) -> Double {
        let size = estimate.isCut ? max(Double(estimate.count), self.domain * Self.commonShare) : Double(estimate.count)
        let share = self.share(beside: estimate, countsDays: false) * self.share
        let row = self.isDecidedInMemory(estimate) ? Self.knownWalkCost : Self.walkCost
        return min(size, self.wanted / max(share, .leastNonzeroMagnitude)) * row
    }

    /// The share of the studies that meets all conditions but one.
    private func share(beside own: Estimate?, countsDays: Bool) -> Double {
        var share = self.knownShare(beside: own)
        var conditions: Set<Int> = self.run.known?.decided ?? []
        for estimate in self.estimates {
            switch estimate.source {
            case .days:
                if countsDays { share *= self.domain / Double(max(1, self.run.selectedCount)) }
            case .values(let range):
                if let own, case .values(let other) = own.source, other.condition == range.condition { continue }
                guard conditions.insert(range.condition).inserted else { continue }
                let among = estimate.source.isWithinDays ? self.domain : Double(max(1, self.run.allCount))
                share *= Self.share(estimate, among: among)
            case .changes(let column, _, _):
                if let own, case .changes(let other, _, _) = own.source, other == column { continue }
                share *= Self.share(estimate, among: Double(max(1, self.run.selectedCount)))
            case .uids(let uids, let condition):
                if let own, case .uids(_, condition) = own.source { continue }
                share *= Double(uids.count) / Double(max(1, self.run.selectedCount))
            case .visible:
                if let own, case .visible = own.source { continue }
                share *= Self.share(estimate, among: Double(max(1, self.run.selectedCount)))
            case .studies, .members:
                break
            }
        }
        return share
    }

    /// The share of those that are known: of all studies, or of those of a source that they are among.
    private func knownShare(beside own: Estimate?) -> Double {
        guard let known = self.run.known else { return 1 }
        var among = Double(max(1, self.run.allCount))
        if let own, case .values(let range) = own.source, known.decided.contains(range.condition) {
            // A source that was not counted to its end has more rows.
            among = own.isCut ? max(Double(own.count), among * Self.commonShare) : Double(max(1, own.count))
        }
        return min(1, Double(known.members.count) / among)
    }

    private static func share(_ estimate: Estimate, among all: Double) -> Double {
        let share = min(1, Double(estimate.count) / max(1, all))
        return estimate.isCut ? max(share, Self.commonShare) : share
    }

    private static func size(_ estimate: Estimate, of run: StudySearchRun) -> Double {
        let all = Double(run.selectedCount)
        return estimate.isCut ? max(Double(estimate.count), all * Self.commonShare) : Double(estimate.count)
    }
}
