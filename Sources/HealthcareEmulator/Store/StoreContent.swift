internal import DICOMweb
internal import HTTPTypes

/// What the body of a store request holds, by its `Content-Type` (STOW-RS, PS3.18 §10.5.1).
enum StoreContent: Sendable, Hashable {
    /// One DICOM file, which the standard does not have and the upstream takes.
    case file
    /// DICOM files as parts.
    case files(boundary: String)
    /// DICOM JSON as first part, the bulk data that it names as the others.
    case metadata(boundary: String)

    init(_ headers: HTTPFields) throws(GoogleError) {
        guard let text = headers[.contentType], let media = MediaType(parsing: text) else { throw Self.unsupported }
        switch media.essence {
        case "application/dicom": self = .file
        case "multipart/related":
            guard let boundary = media["boundary"] else {
                throw GoogleError(.invalidArgument, "The Content-Type of the request has no boundary.")
            }
            switch media["type"]?.lowercased() {
            case "application/dicom", nil: self = .files(boundary: boundary)
            case "application/dicom+json": self = .metadata(boundary: boundary)
            default: throw Self.unsupported
            }
        default: throw Self.unsupported
        }
    }

    private static let unsupported = GoogleError(
        .invalidArgument,
        """
        The Content-Type of the request is not supported: multipart/related with type="application/dicom" or \
        type="application/dicom+json", and application/dicom, are.
        """
    )
}
