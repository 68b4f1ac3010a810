package import DICOMFiles

/// What became of one uploaded object.
package enum StoreOutcome: Sendable {
    /// The object is new; it is on the disk and survives a power cut.
    case stored(StoredInstance)
    /// The very same bytes were there already.
    case identical(StoredInstance)
    /// The object cannot be stored; the identity says which it was, where it could be read.
    case refused(RefusalReason, identity: ObjectIdentity?)
    /// The archive could not store it; sending it again may work.
    case failed(ArchiveError)
}

/// Why an object cannot be stored.
package enum RefusalReason: String, Sendable, Hashable, CaseIterable {
    /// An object with this SOP Instance UID and other bytes is in the store, perhaps in another study.
    case alreadyExistsDifferent
    /// The object belongs to another study than the request named.
    case studyMismatch
    case notDICOM
    /// A UID that every object must have is absent.
    case missingIdentity
    /// A UID has other characters than digits and dots, an empty component, or more than 64 characters.
    case invalidUID
    /// The file ends before the lengths in it say.
    case truncated
    /// The file cannot be parsed.
    case corrupt
    /// The transfer syntax cannot be read.
    case unsupportedTransferSyntax
    /// The study or series is being deleted.
    case deleting
}
