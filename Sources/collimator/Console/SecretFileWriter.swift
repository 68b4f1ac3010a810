import Glibc

/// Writes a file with a secret that cannot be had again.
enum SecretFileWriter {
    /// Runs what makes the secret, with a way to write it; without a path there is nothing to write to.
    ///
    /// The file is made before anything else, for its owner alone, and taken away where it stays empty. Throws
    /// ``CommandFailure`` where there is one already or none can be made.
    static func writing(
        to path: String?,
        _ work: (_ write: @escaping @Sendable ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        guard let path else { return try await work { _ in } }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure.notDone(
                errno == EEXIST ? "The file \(path) is there already." : "The file \(path) cannot be made.",
                remedy: "Name another file."
            )
        }
        defer { close(descriptor) }
        do {
            try await work { bytes in
                guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
                    throw CommandFailure.notDone(
                        "The file \(path) cannot be written.",
                        remedy: "Revoke the key and make another: `collimator keys list` shows its id."
                    )
                }
            }
        } catch {
            unlink(path)
            throw error
        }
        // A key of the other kind has been printed.
        if lseek(descriptor, 0, SEEK_END) == 0 { unlink(path) }
    }
}
