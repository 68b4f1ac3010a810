import EmulatorStorage

/// The archive's own type: the DICOMweb client has one of the same name.
typealias ArchivedInstance = StoredInstance
