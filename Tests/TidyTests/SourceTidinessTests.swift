import Testing

/// Each rule over the whole tree.
///
/// What a rule finds is shown as `path:line: what is wrong`.
@Suite("The sources")
struct SourceTidinessTests {
    private let tree = SourceTree.shared

    /// How many places a person has proved in a comment; one more needs a reviewer's yes and a new number here.
    private let uncheckedUsesMax = 12

    @Test("are found at all")
    func areFound() {
        #expect(self.tree.swiftSources.count > 5)
        #expect(self.tree.swiftTests.contains { $0.name == "SourceTidinessTests.swift" })
        #expect(!self.tree.manifest.isEmpty)
    }

    @Test("import only what stands below them and is declared")
    func importDownwards() {
        let rule = ImportRule(declared: ImportRule.declaredDependencies(inManifest: self.tree.manifest))
        expectNone(self.tree.swiftSources.flatMap(rule.violations(in:)))
    }

    @Test("declare only dependencies that stand below them")
    func declareDownwards() {
        let order = ImportRule.order
        for (target, dependencies) in ImportRule.declaredDependencies(inManifest: self.tree.manifest) {
            for dependency in dependencies {
                guard let upper = order.firstIndex(of: target), let lower = order.firstIndex(of: dependency) else {
                    continue
                }
                #expect(upper < lower, "\(target) lists \(dependency), which stands above it")
            }
        }
    }

    @Test("have a place in the order of modules")
    func areOrdered() {
        let modules = Set(self.tree.swiftSources.map(\.module))
        #expect(modules.subtracting(ImportRule.order).isEmpty)
    }

    @Test("keep files short")
    func shortFiles() {
        expectNone(
            (self.tree.swiftSources + self.tree.swiftTests + self.tree.cSources).flatMap(LengthRule.longFiles)
        )
    }

    @Test("keep functions short")
    func shortFunctions() {
        expectNone((self.tree.swiftSources + self.tree.swiftTests).flatMap(LengthRule.longFunctions))
    }

    @Test("hold no banned word")
    func noBannedWords() {
        expectNone(self.tree.swiftSources.flatMap(WordRule.bannedWords))
    }

    @Test("leave nothing to do without an issue")
    func numberedReminders() {
        expectNone((self.tree.swiftSources + self.tree.cSources).flatMap(WordRule.unnumberedReminders))
    }

    @Test("prove each unchecked sharing, and keep such places few")
    func provedSharing() {
        expectNone(self.tree.swiftSources.flatMap(UncheckedRule.unproved))
        let uses = self.tree.swiftSources.flatMap(UncheckedRule.uses)
        #expect(uses.count <= self.uncheckedUsesMax, "\(uses.map(\.description).joined(separator: "\n"))")
    }

    @Test("document what other modules can use")
    func documented() {
        expectNone(self.tree.swiftSources.flatMap(DocumentationRule.undocumented))
    }

    @Test("log where redaction knows that the messages are fixed text")
    func listedLoggers() {
        #expect(LogRule.listedModules(self.tree.swiftSources).contains("Gateway"))
        expectNone(LogRule.unlistedModules(self.tree.swiftSources))
    }

    @Test("name no type like its module")
    func distinctNames() {
        expectNone(self.tree.swiftSources.flatMap(ModuleNameRule.typesNamedLikeTheirModule))
    }
}

private func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
        violations.isEmpty,
        "\n\(violations.map(\.description).joined(separator: "\n"))",
        sourceLocation: sourceLocation
    )
}
