internal import CDCMTK
package import DICOMweb

/// Why a file cannot be read or written: numbers only, never a value of the file.
package struct DICOMFileError: Error, Sendable, Hashable {
    /// The kind of fault; closed, so that its raw value can be a metric label.
    package enum Code: String, Sendable, CaseIterable {
        /// Neither preamble nor anything that begins as a data set does.
        case notDICOM
        /// A length goes beyond what encloses it, or the file ends within an element.
        case truncated
        /// SOP class, SOP instance, study or series UID is not there.
        case missingIdentity
        /// One of those is no UID.
        case invalidIdentity
        /// The pixels cannot be read from, or brought into, the transfer syntax asked for.
        case unsupportedTransferSyntax
        /// A frame was asked for and there are no pixels.
        case noPixelData
        /// The frame number is below 1 or beyond the number of frames.
        case frameOutOfRange
        /// The bytes are not what the attributes say.
        case undecodable
        /// A limit of the reader is exceeded.
        case tooLarge
        /// There is no element at the path of the bulk data.
        case noSuchElement
        /// Memory could not be had.
        case outOfMemory
        /// There is no room left in the file system that is written to.
        case diskFull
        /// The operating system refused to read or write.
        case io
        /// A fault of the reader itself.
        case internalError
    }

    package let code: Code
    /// The attribute concerned, where one is known.
    package let tag: Tag?
    /// The byte of the file, where one is known.
    package let offset: Int64?

    package init(_ code: Code, tag: Tag? = nil, offset: Int64? = nil) {
        self.code = code
        self.tag = tag
        self.offset = offset
    }

    init(_ failure: cdcmtk_failure) {
        self.init(
            Code(number: Int(failure.code)),
            tag: failure.tag == 0 ? nil : Tag(failure.tag),
            offset: failure.offset < 0 ? nil : failure.offset
        )
    }
}

extension DICOMFileError: CustomStringConvertible {
    package var description: String {
        var text = "DICOMFileError.\(self.code.rawValue)"
        if let tag = self.tag { text += " tag \(tag.hex)" }
        if let offset = self.offset { text += " offset \(offset)" }
        return text
    }
}

extension DICOMFileError.Code {
    fileprivate init(number: Int) {
        self =
            switch number {
            case CDCMTK_NOT_DICOM: .notDICOM
            case CDCMTK_TRUNCATED: .truncated
            case CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX: .unsupportedTransferSyntax
            case CDCMTK_NO_PIXEL_DATA: .noPixelData
            case CDCMTK_FRAME_OUT_OF_RANGE: .frameOutOfRange
            case CDCMTK_UNDECODABLE: .undecodable
            case CDCMTK_TOO_LARGE: .tooLarge
            case CDCMTK_NO_SUCH_ELEMENT: .noSuchElement
            case CDCMTK_OUT_OF_MEMORY: .outOfMemory
            case CDCMTK_IO: .io
            case CDCMTK_DISK_FULL: .diskFull
            default: .internalError
            }
    }
}
