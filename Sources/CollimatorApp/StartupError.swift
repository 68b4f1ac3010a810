/// Why the process could not start, in words for the one who started it: what is wrong, and what helps.
package struct StartupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence.
    package let message: String
    /// What to do about it; nil where the message says it.
    package let remedy: String?

    package init(_ message: String, remedy: String? = nil) {
        self.message = message
        self.remedy = remedy
    }

    package var description: String { [self.message, self.remedy].compactMap { $0 }.joined(separator: "\n") }
}
