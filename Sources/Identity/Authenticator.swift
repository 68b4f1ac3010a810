package import CollimatorCore
package import Cryptography

/// Finds out who is calling, from the values of the `Authorization` header.
///
/// Refusals are cheap: shape and length are looked at before anything is hashed.
package struct Authenticator: Sendable {
    /// The longest header value that is looked at.
    package static let headerBytesMax = 16 * 1024

    private let administratorKey: AdministratorKey

    /// Callers are known by this key, until there are other credentials.
    package init(administratorKey: AdministratorKey) {
        self.administratorKey = administratorKey
    }

    /// What this service gives out and takes back sealed; it holds as long as the administrator key is the same.
    package func seal(for purpose: String) -> DeterministicSeal { self.administratorKey.seal(for: purpose) }

    /// The caller that the header names.
    ///
    /// - Parameter values: all values of the header, one for each field line.
    /// - Returns: the caller.
    /// - Throws: `invalid-input` for several headers, `unauthenticated` for anything else that is not one good
    ///   credential; what was wrong with it is for the operator only.
    package func authenticate(authorization values: [String]) throws(CollimatorError) -> Caller {
        guard let value = values.first else {
            throw Self.refusal("no Authorization header")
        }
        // Two of them could be read differently by two readers.
        guard values.count == 1 else {
            throw CollimatorError(
                .invalidInput,
                "several Authorization headers",
                publicDetail: "Send one Authorization header."
            )
        }
        let token = try Self.bearerToken(value)
        guard token.hasPrefix(AdministratorKey.prefix), self.administratorKey.isMatched(by: token) else {
            throw Self.refusal("unknown credential")
        }
        return Caller(verified: .administrator)
    }

    /// The token of `Bearer` credentials (RFC 6750 §2.1): the scheme in any case, one or more spaces, the token.
    private static func bearerToken(_ value: String) throws(CollimatorError) -> Substring {
        let bytes = value.utf8
        guard bytes.count <= Self.headerBytesMax else {
            throw Self.refusal("the Authorization header is too long")
        }
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else {
            throw Self.refusal("the Authorization header is malformed")
        }
        guard value[..<space].lowercased() == "bearer" else {
            throw Self.refusal("another authentication scheme")
        }
        let token = value[space...].drop { $0 == " " }
        guard !token.isEmpty, token.utf8.allSatisfy(Self.isTokenByte) else {
            throw Self.refusal("the bearer token is malformed")
        }
        return token
    }

    /// One answer for all that is no good credential: how to show one, and nothing of what was wrong.
    private static func refusal(_ reason: StaticString) -> CollimatorError {
        CollimatorError(
            .unauthenticated,
            reason,
            publicDetail: "Send the header Authorization with the word Bearer and a key of this service."
        )
    }

    /// The bytes of `token68` (RFC 9110 §11.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
