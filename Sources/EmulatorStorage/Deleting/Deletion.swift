/// A deletion that callers see as done and whose rows and files are still to be removed.
package struct Deletion: Sendable {
    /// How many instances it takes away.
    package let instanceCount: Int64
    let target: Target
    /// Instances whose rows are gone already; only their files are left.
    let removedInstances: [Int64]

    /// What is left to be removed.
    enum Target: Sendable, Hashable {
        case study(Int64)
        case series(Int64, ofStudy: Int64)
        case nothing
    }
}
