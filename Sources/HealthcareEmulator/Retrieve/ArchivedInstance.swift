internal import EmulatorStorage

/// An instance as the archive knows it; the name that it has where `DICOMweb`, with an instance of its own, is imported
/// too.
typealias ArchivedInstance = StoredInstance
