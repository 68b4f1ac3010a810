internal import COpenSSL

/// A public key on the curve P-256 (FIPS 186-5), whose point was found to be on it.
package final class P256PublicKey: Sendable {
    /// The length of a coordinate, and of each half of a signature.
    package static let coordinateBytes = 32

    private let key: PrivateOrPublicKey

    /// The key with this point.
    ///
    /// - Throws: `invalidKey` or `unsuitableKey` where there is no such point of the curve.
    package init(x: [UInt8], y: [UInt8]) throws(CryptographyError) {
        guard x.count == Self.coordinateBytes, y.count == Self.coordinateBytes else {
            throw CryptographyError(.invalidKey)
        }
        LibraryErrors.clear()
        // 4 stands for a point that is not compressed (SEC 1 §2.3.3).
        let point = [4] + x + y
        guard let pointer = unsafe collimator_p256_public(point, point.count) else {
            throw CryptographyError(.invalidKey, libraryCodes: LibraryErrors.drain())
        }
        self.key = try unsafe PrivateOrPublicKey(takingOwnershipOfP256: pointer)
    }

    /// Whether the bytes are this key's ECDSA signature with SHA-256 over the message, in the form of RFC 7518 §3.4: two
    /// numbers of 32 bytes.
    package func isValidES256Signature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == 2 * Self.coordinateBytes else { return false }
        let numbers =
            Self.integer(signature.prefix(Self.coordinateBytes)) + Self.integer(signature.suffix(Self.coordinateBytes))
        // Two numbers of at most 35 bytes each: the length always fits one byte.
        return self.key.isValidSHA256Signature([0x30, UInt8(numbers.count)] + numbers, of: message)
    }

    /// A number that is not negative, in DER (X.690 §8.3).
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02, UInt8(digits.count)] + digits
    }
}
