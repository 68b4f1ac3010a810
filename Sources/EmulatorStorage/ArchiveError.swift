/// Why the archive could not do what it was asked.
package enum ArchiveError: String, Error, Sendable, Hashable, CaseIterable {
    /// A dataset or DICOM store of that name is there already.
    case alreadyExists
    case datasetNotFound
    case storeNotFound
    /// The study, series, instance or operation is not there, or it is being deleted.
    case notFound
    /// The record is no longer what the caller based its change on.
    case changed
    /// There is no room left in the archive's file system; nothing of the failed work was kept.
    case diskFull
    /// The task that asked was cancelled; nothing of its work was kept.
    case cancelled
    /// Another process uses the folder.
    case inUse
    /// The folder was written by a newer version of the program.
    case newerFormat
    /// The archive has been closed.
    case closed
    /// The process, or the system, has as many files open as it may; nothing of the failed work was kept.
    case tooManyOpenFiles
    /// A file could not be read or written.
    case io
    /// A fault of ours.
    case internalFault
}
