import DICOMweb

/// A tag of an attribute: the testing library has a type of the same name.
typealias DICOMTag = Tag
