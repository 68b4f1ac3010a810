internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4) in the making, fed in pieces of any size.
@safe package struct SHA256: ~Copyable {
    /// The length of a digest.
    package static let digestBytes = 32

    /// +1; freed once, by `deinit`.
    private let context: OpaquePointer

    /// Begins a digest of nothing.
    package init() {
        // It fails only where memory has run out, and there Swift's own allocations trap as well.
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        unsafe self.context = unsafe context
        self.begin()
    }

    deinit {
        unsafe EVP_MD_CTX_free(self.context)
    }

    /// Adds bytes, without a copy where they are contiguous.
    package mutating func update(_ bytes: some Collection<UInt8>) {
        let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            unsafe self.add(UnsafeRawBufferPointer(buffer))
        }
        if isContiguous == nil {
            unsafe Array(bytes).withUnsafeBytes { buffer in unsafe self.add(buffer) }
        }
    }

    /// Adds bytes that lie at a pointer.
    @unsafe package mutating func update(bytes: UnsafeRawBufferPointer) {
        unsafe self.add(bytes)
    }

    /// The digest of all that was added; a new digest of nothing begins.
    package mutating func finalize() -> [UInt8] {
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: Self.digestBytes) { buffer, initialized in
            let result = unsafe EVP_DigestFinal_ex(self.context, buffer.baseAddress, nil)
            precondition(result == 1, "SHA-256 failed")
            initialized = Self.digestBytes
        }
        self.begin()
        return digest
    }

    /// The digest of bytes that are all there.
    package static func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var digest = SHA256()
        digest.update(bytes)
        return digest.finalize()
    }

    private func begin() {
        // The algorithm is built in: it is absent only from a library that is not usable at all.
        let result = unsafe EVP_DigestInit_ex(self.context, EVP_sha256(), nil)
        precondition(result == 1, "SHA-256 is not offered")
    }

    private func add(_ bytes: UnsafeRawBufferPointer) {
        guard unsafe !bytes.isEmpty else { return }
        let result = unsafe EVP_DigestUpdate(self.context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "SHA-256 failed")
    }
}

// openssl-threads(7): an object may move between threads as long as one at a time uses it. The value cannot be copied,
// and each use of it is mutating, so the compiler's law of exclusivity sees to that.
extension SHA256: @unchecked Sendable {}
