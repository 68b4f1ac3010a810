package import DICOMweb

/// Why a data set cannot be written as a file: a code and the tag concerned, never a value.
package struct Part10WriterError: Error, Sendable, Hashable {
    /// The kind of fault, closed.
    package enum Code: String, Sendable {
        /// The transfer syntax is not one that is written: big endian, implicit VR or deflated.
        case unsupportedTransferSyntax
        /// SOP class or SOP instance UID is not there, so no file meta information can be made.
        case missingIdentity
        /// The value is of another kind than the VR holds.
        case wrongKind
        /// The value is of the right kind and cannot be expressed in the VR: out of range, or it would change the
        /// number of values.
        case invalidValue
        /// The value does not fit in the length field of the VR.
        case tooLong
        /// No bytes are known for the bulk data URI.
        case missingBulkData
        /// The attribute cannot stand in a data set (delimiters, command elements).
        case forbiddenTag
        /// Sequences are nested deeper than the limit.
        case tooDeep
    }

    package let code: Code
    /// The attribute concerned, where there is one.
    package let tag: Tag?

    init(_ code: Code, _ tag: Tag?) {
        self.code = code
        self.tag = tag
    }
}

extension Part10WriterError: CustomStringConvertible {
    package var description: String {
        guard let tag = self.tag else { return "Part10WriterError.\(self.code.rawValue)" }
        return "Part10WriterError.\(self.code.rawValue) (\(tag.hex))"
    }
}
