import CollimatorCore

/// Rules of one principal on one thing, so that not each of them is looked at for a question.
struct RuleList: Sendable {
    private var denials = Indexed(.deny)
    private var allowances = Indexed(.allow)
    /// Every rule without a condition on studies, and the first of each kind of the others, in their order.
    private(set) var samples: [Sample] = []
    private var kinds: [RuleKind: Int] = [:]

    /// One rule of a kind.
    struct Sample: Sendable {
        let compiled: CompiledPolicy.Compiled
        /// The keys of the selectors of all rules of the kind.
        fileprivate(set) var selectors: Set<String>
    }

    private struct Indexed {
        var rules: [CompiledPolicy.Compiled] = []
        var index: SelectorIndex

        init(_ effect: AccessEffect) { self.index = SelectorIndex(effect) }

        mutating func add(_ compiled: CompiledPolicy.Compiled) {
            self.rules.append(compiled)
            self.index.add(compiled.selector)
        }
    }

    mutating func add(_ compiled: CompiledPolicy.Compiled) {
        switch compiled.rule.effect {
        case .allow: self.allowances.add(compiled)
        case .deny: self.denials.add(compiled)
        }
        guard let selector = compiled.selector else {
            self.samples.append(Sample(compiled: compiled, selectors: []))
            return
        }
        let kind = RuleKind(compiled)
        if let index = self.kinds[kind] {
            self.samples[index].selectors.insert(selector.key)
        } else {
            self.kinds[kind] = self.samples.count
            self.samples.append(Sample(compiled: compiled, selectors: [selector.key]))
        }
    }

    /// All of them.
    var rules: [CompiledPolicy.Compiled] { self.denials.rules + self.allowances.rules }

    /// Whether what is known of a study can matter.
    var asksFacts: Bool { !self.kinds.isEmpty }

    /// Goes over those of one effect that can pick anything of the study, in their order, as long as it is told to go on.
    ///
    /// Gives whether it is to go on after them.
    func forEach(
        _ effect: AccessEffect,
        of study: StudyTerms?,
        _ body: (CompiledPolicy.Compiled) -> Bool
    ) -> Bool {
        let some = effect == .deny ? self.denials : self.allowances
        guard let positions = some.index.positions(for: study) else { return some.rules.allSatisfy(body) }
        for position in positions where !body(some.rules[position]) { return false }
        return true
    }
}

/// What tells rules apart for questions that are about no single study.
struct RuleKind: Hashable {
    private let effect: AccessEffect
    private let role: String
    private let request: RequestCondition
    private let asksFacts: Bool

    init(_ compiled: CompiledPolicy.Compiled) {
        self.effect = compiled.rule.effect
        self.role = compiled.rule.role
        self.request = compiled.rule.request
        self.asksFacts = compiled.selector != nil
    }
}
