package import Catalog

extension Authorizer {
    /// Has the catalog keep the rows that lists of the policy in force join.
    ///
    /// Decisions follow a new policy at once. Rows of rules that are new are worked out while the catalog runs; until then
    /// lists show less and never more. At the start it comes before the catalog is given a store.
    package func keepRows(in catalog: StudyCatalog) async throws {
        var kept: Int?
        // Another policy may come into force meanwhile: the rows are those of the last.
        while kept != self.policy.version {
            let current = self.policy
            try await catalog.setSelectors(current.studySelectors())
            kept = current.version
        }
    }
}
