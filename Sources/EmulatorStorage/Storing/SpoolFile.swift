internal import Cryptography
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// A file that an upload is written to, and hashed on the way, before it is stored.
///
/// It belongs to one task at a time. It lies in the archive's file system, so that storing it is a rename, and it is
/// removed when the last reference goes without its having been stored.
package final class SpoolFile: Sendable {
    package let path: String
    private let pool: NIOThreadPool
    private let state: Mutex<State>

    /// How many bytes wait in memory before they are written; smaller objects are written in one go.
    static let pendingBytesMax = 1 << 20

    init(path: String, pool: NIOThreadPool) throws(ArchiveError) {
        self.path = path
        self.pool = pool
        self.state = Mutex(State(descriptor: try POSIXFile.create(path)))
    }

    deinit {
        self.release()
    }

    /// Adds bytes; returns when no more than `pendingBytesMax` of them wait in memory.
    package func write(_ bytes: ByteBuffer) async throws(ArchiveError) {
        let mustDrain = self.state.withLock { state in
            state.pending.append(bytes)
            state.pendingBytes += bytes.readableBytes
            return state.pendingBytes >= Self.pendingBytesMax
        }
        if mustDrain {
            try await self.onPool { state throws(ArchiveError) in try state.drain() }
        }
    }

    /// Writes what waits and gives the length and the hash of all; more must not be written afterwards.
    @discardableResult
    package func finish() async throws(ArchiveError) -> SpoolDigest {
        if let digest = self.state.withLock({ $0.digest }) { return digest }
        return try await self.onPool { state throws(ArchiveError) in try state.finish() }
    }

    /// The same for a file that is read by its path: it does not stay open, and cannot be stored.
    package func finishAndClose() async throws(ArchiveError) {
        try await self.onPool { state throws(ArchiveError) in
            _ = try state.finish()
            state.close()
        }
    }

    /// Removes the file; doing it again is fine.
    package func discard() async {
        self.release()
    }

    /// Returns when the bytes are on the disk.
    func flush() async throws(ArchiveError) {
        try await self.onPool { state throws(ArchiveError) in try POSIXFile.flush(state.opened()) }
    }

    /// Closes the file, which has another name now, so that it is not removed.
    func letGo() {
        _ = self.state.withLock { $0.giveUp() }
    }

    private func release() {
        guard self.state.withLock({ $0.giveUp() }) else { return }
        // A file that cannot be removed is removed when the archive is opened again.
        do { try POSIXFile.remove(self.path) } catch {}
    }

    private func onPool<Answer: Sendable>(
        _ body: @escaping @Sendable (inout State) throws(ArchiveError) -> Answer
    ) async throws(ArchiveError) -> Answer {
        try await archiveErrors {
            try await self.pool.runIfActive { try self.state.withLock { try body(&$0) } }
        }
    }

    struct State: ~Copyable {
        private var descriptor: Int32?
        /// Whether the file is still ours to remove.
        private var isOwned = true
        private var hash = SHA256()
        private var sizeBytes: Int64 = 0
        var pending: [ByteBuffer] = []
        var pendingBytes = 0
        private(set) var digest: SpoolDigest?

        init(descriptor: Int32) {
            self.descriptor = descriptor
        }

        func opened() throws(ArchiveError) -> Int32 {
            guard let descriptor = self.descriptor else { throw .io }
            return descriptor
        }

        mutating func drain() throws(ArchiveError) {
            let descriptor = try self.opened()
            for buffer in self.pending {
                self.hash.update(buffer.readableBytesView)
                self.sizeBytes += Int64(buffer.readableBytes)
                let outcome = buffer.withUnsafeReadableBytes { bytes in
                    Result { () throws(ArchiveError) in try POSIXFile.write(bytes, to: descriptor) }
                }
                try outcome.get()
            }
            self.pending = []
            self.pendingBytes = 0
        }

        mutating func finish() throws(ArchiveError) -> SpoolDigest {
            if let digest = self.digest { return digest }
            try self.drain()
            let digest = SpoolDigest(sizeBytes: self.sizeBytes, sha256: self.hash.finalize())
            self.digest = digest
            return digest
        }

        mutating func close() {
            guard let descriptor = self.descriptor else { return }
            POSIXFile.close(descriptor)
            self.descriptor = nil
        }

        /// Closes the file for good; whether it was still ours.
        mutating func giveUp() -> Bool {
            self.close()
            defer { self.isOwned = false }
            return self.isOwned
        }
    }
}

/// The length and the hash of a finished upload.
package struct SpoolDigest: Sendable, Hashable {
    package let sizeBytes: Int64
    package let sha256: [UInt8]
}
