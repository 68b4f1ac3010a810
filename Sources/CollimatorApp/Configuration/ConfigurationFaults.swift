/// Everything that is wrong with a configuration, told at once.
package struct ConfigurationFaults: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence each, beginning with the key.
    package let faults: [String]

    package init(_ faults: [String]) {
        self.faults = faults
    }

    package var description: String {
        (["The configuration cannot be used:"] + self.faults.map { "  - \($0)" }).joined(separator: "\n")
    }
}
