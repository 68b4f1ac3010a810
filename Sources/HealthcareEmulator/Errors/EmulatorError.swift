/// Why the emulator cannot start or go on.
package enum EmulatorError: String, Error, Sendable, Hashable {
    /// The service-account key file is there but cannot be read as one.
    case unreadableServiceAccountKey
    /// The service-account key file cannot be written.
    case unwritableServiceAccountKey
    /// The folder cannot be made.
    case unusableDirectory
    /// The emulator ended, or failed to start, before it was listening.
    case notListening
    /// A file that was to be sent cannot be read, or is shorter than the index says.
    case unreadableFile
    /// A file that was to be sent is not there: its instance was deleted meanwhile, or the archive is damaged.
    case missingFile
}
