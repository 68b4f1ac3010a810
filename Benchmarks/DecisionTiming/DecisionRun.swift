import AccessControl
import CollimatorCore

/// Decisions with a policy of one size.
struct DecisionRun {
    let rules: Int
    let decisions: Int

    /// Decisions before any is timed.
    private static let warming = 10_000

    func figures() throws -> DecisionFigures {
        let made = try MadeUpPolicy(rules: self.rules)
        let clock = ContinuousClock()
        var compiled = CompiledPolicy.empty
        let compiling = try clock.measure { compiled = try CompiledPolicy(made.policy, version: 1) }
        var decisions: [String: DecisionFigures.Percentiles] = [:]
        for (name, question) in [
            ("a study, by groups and conditions", made.studyQuestion),
            ("a study that a rule names", made.namedQuestion),
            ("a store", made.storeQuestion),
        ] {
            decisions[name] = self.time(compiled, question)
        }
        let ofOne = MadeUpPolicy(rulesOfOneUser: self.rules)
        let compiledOfOne = try CompiledPolicy(ofOne.policy, version: 1)
        for (name, question) in [
            ("a study that a rule names, all rules of one user", ofOne.namedQuestion),
            ("a store, all rules of one user", ofOne.storeQuestion),
        ] {
            decisions[name] = self.time(compiledOfOne, question)
        }
        return DecisionFigures(
            rules: self.rules,
            compileMilliseconds: compiling.milliseconds,
            decisions: decisions
        )
    }

    /// Each decision is timed by itself; what the clock takes is in it.
    private func time(
        _ policy: CompiledPolicy,
        _ question: (Int) -> MadeUpPolicy.Question
    ) -> DecisionFigures.Percentiles {
        let clock = ContinuousClock()
        var times: [Double] = []
        times.reserveCapacity(self.decisions)
        var allowed = 0
        for index in -Self.warming..<self.decisions {
            let asked = question(index + Self.warming)
            let begun = clock.now
            let decision = policy.decide(asked.subject, asked.permission, on: asked.resource, facts: asked.facts)
            let taken = begun.duration(to: clock.now)
            guard index >= 0 else { continue }
            times.append(taken.milliseconds * 1_000)
            if decision.isAllowed { allowed += 1 }
        }
        times.sort()
        return DecisionFigures.Percentiles(
            p50Microseconds: times[times.count / 2],
            p99Microseconds: times[times.count * 99 / 100],
            allowed: Double(allowed) / Double(times.count)
        )
    }
}

extension Duration {
    fileprivate var milliseconds: Double {
        Double(self.components.seconds) * 1_000 + Double(self.components.attoseconds) * 1e-15
    }
}
