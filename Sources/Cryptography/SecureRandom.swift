internal import COpenSSL

/// Unpredictable bytes, for keys and secrets.
package enum SecureRandom {
    /// The largest number of bytes that one call gives.
    package static let bytesMax = 1 << 20

    /// Gives `count` bytes from the generator of libcrypto.
    ///
    /// It stops the process rather than give predictable bytes: the generator fails only where the operating system
    /// has no entropy to give.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition((0...Self.bytesMax).contains(count), "count of random bytes out of range")
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let result = unsafe RAND_priv_bytes(buffer.baseAddress, Int32(count))
            precondition(result == 1, "no entropy")
            initialized = count
        }
    }
}
