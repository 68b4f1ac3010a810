import CollimatorCore
import DICOMweb

/// The content types that a DICOMweb store request may have (PS3.18 §10.5.1); which of them it takes, the upstream says.
enum StoreContentType {
    private static let rootTypes: Set<String> = [
        "application/dicom", "application/dicom+json", "application/dicom+xml",
    ]

    /// Throws `unsupported-media-type`.
    static func check(_ contentType: String?) throws(CollimatorError) {
        guard let type = contentType.flatMap({ MediaType(parsing: $0) }) else { throw Self.unsupported }
        switch type.essence {
        case "application/dicom": return
        case "multipart/related":
            guard Self.rootTypes.contains((type["type"] ?? "application/dicom").lowercased()) else {
                throw Self.unsupported
            }
            guard type["boundary"] != nil else {
                throw CollimatorError(
                    .invalidInput,
                    "a multipart content type has no boundary",
                    publicDetail: "The content type of the request has no boundary."
                )
            }
        default: throw Self.unsupported
        }
    }

    /// Whether the body is one file and nothing else.
    static func isFile(_ contentType: String?) -> Bool {
        contentType.flatMap { MediaType(parsing: $0) }?.essence == "application/dicom"
    }

    /// Whether the body is one file or several, and no metadata apart from the pictures.
    static func isOfFiles(_ contentType: String?) -> Bool {
        guard let type = contentType.flatMap({ MediaType(parsing: $0) }) else { return false }
        return type.essence == "application/dicom"
            || (type.essence == "multipart/related"
                && (type["type"] ?? "application/dicom").lowercased() == "application/dicom")
    }

    private static var unsupported: CollimatorError {
        CollimatorError(
            .unsupportedMediaType,
            "a store request has a media type that is not taken",
            publicDetail: """
                A store request is multipart/related with type="application/dicom", or with metadata in \
                application/dicom+json or application/dicom+xml, or a single application/dicom.
                """
        )
    }
}
