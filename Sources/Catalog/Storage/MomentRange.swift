/// The moments that all conditions on days leave.
struct MomentRange: Hashable {
    private(set) var first = StudyMoment.unknown.rawValue
    private(set) var last = Int64.max

    init(_ conditions: [StudyCondition]) {
        for case .days(let from, let to) in conditions where from != nil || to != nil {
            // A study without a usable date is on no day.
            self.first = max(self.first, StudyMoment.unknown.rawValue + 1)
            if let from { self.first = max(self.first, StudyMoment.first(of: from).rawValue) }
            if let to { self.last = min(self.last, StudyMoment.last(of: to).rawValue) }
        }
    }

    /// Whether every study is within it.
    var isEverything: Bool { self.first == StudyMoment.unknown.rawValue && self.last == .max }
}
