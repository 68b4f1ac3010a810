package import FoundationEssentials

/// A message that was taken from Pub/Sub and says nothing that can be used: of it only its size and digest are kept.
package struct EventRejection: Hashable, Sendable {
    /// Ascending with the time.
    package let id: Int64
    package let reason: Reason
    package let rejectedAt: Date
    package let sizeBytes: Int64
    /// The SHA-256 of the data, in hexadecimal digits.
    package let digest: String

    /// How many are kept; the oldest give way.
    package static let keptMax: Int64 = 1_000

    /// Why a message cannot be used; the list can grow.
    package enum Reason: String, Error, Sendable, Hashable, CaseIterable {
        /// The data is longer than any notification.
        case tooLarge = "too-large"
        /// There is no data, or it is no text in UTF-8.
        case unreadable
        /// The text is not the path of something in a DICOM store.
        case notNotification = "not-a-notification"
        /// Path and attributes name different things.
        case contradictory
        /// The store is none of ours.
        case unknownStore = "unknown-store"
    }
}
