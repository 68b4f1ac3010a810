/// One step of the schema, numbered from 1 without a gap and never edited once it has been released.
package struct Migration: Sendable {
    package let number: Int
    /// A kebab-case name that says what the step adds.
    package let name: String
    /// The statements, in order; they run in one transaction together with the note that they have run.
    package let statements: [String]

    package init(_ number: Int, _ name: String, _ statements: [String]) {
        self.number = number
        self.name = name
        self.statements = statements
    }
}
