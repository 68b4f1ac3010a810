/// Why a cryptographic operation failed: a code and numbers, never text that could hold input.
package struct CryptographyError: Error, Sendable, Hashable {
    /// What went wrong, from a closed set.
    package let code: Code
    /// The numeric codes that the C library left, oldest first; empty where our own check refused.
    package let libraryCodes: [UInt]

    package init(_ code: Code, libraryCodes: [UInt] = []) {
        self.code = code
        self.libraryCodes = libraryCodes
    }

    /// The kinds of failure.
    package enum Code: String, Sendable, CaseIterable {
        /// The text is no key of the kind that was asked for.
        case invalidKey = "invalid-key"
        /// The key is well-formed but too weak, or too costly, to be used.
        case unsuitableKey = "unsuitable-key"
        /// The token does not have the one accepted shape.
        case malformedToken = "malformed-token"
        /// The token names another algorithm than the one that the key is for.
        case algorithmRefused = "algorithm-refused"
        /// The token's header asks for something that is not supported, such as a key of its own.
        case headerRefused = "header-refused"
        /// The signature is not that of the key.
        case invalidSignature = "invalid-signature"
        /// The claims to be signed are no JSON object, or too long.
        case invalidClaims = "invalid-claims"
        /// The C library failed for a reason of its own.
        case libraryFailure = "library-failure"
    }
}

extension CryptographyError: CustomStringConvertible {
    /// The code and the library's numbers.
    package var description: String {
        guard !self.libraryCodes.isEmpty else { return self.code.rawValue }
        return "\(self.code.rawValue) (\(self.libraryCodes.map { String($0, radix: 16) }.joined(separator: ", ")))"
    }
}
