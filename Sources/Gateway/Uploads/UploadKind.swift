import CollimatorCore
import DICOMweb

/// What the body of an upload is, by its content type.
enum UploadKind: Hashable, Sendable {
    case file
    /// `multipart/related; type="application/dicom"`, as DICOMweb has it.
    case related(boundary: String)
    /// `multipart/form-data`, as browsers send files.
    case form(boundary: String)
    case zip

    init(contentType: String?) throws(CollimatorError) {
        guard let type = contentType.flatMap({ MediaType(parsing: $0) }) else { throw Self.unsupported }
        switch type.essence {
        case "application/dicom": self = .file
        case "application/zip", "application/x-zip-compressed": self = .zip
        case "multipart/related":
            let root = (type["type"] ?? "application/dicom").lowercased()
            guard root == "application/dicom" else { throw Self.unsupported }
            self = .related(boundary: try Self.boundary(of: type))
        case "multipart/form-data": self = .form(boundary: try Self.boundary(of: type))
        default: throw Self.unsupported
        }
    }

    private static func boundary(of type: MediaType) throws(CollimatorError) -> String {
        guard let boundary = type["boundary"] else {
            throw CollimatorError(
                .invalidInput,
                "a multipart content type has no boundary",
                publicDetail: "The content type of the request has no boundary."
            )
        }
        return boundary
    }

    private static var unsupported: CollimatorError {
        CollimatorError(
            .unsupportedMediaType,
            "an upload has a media type that is not taken",
            publicDetail: """
                An upload is application/dicom, multipart/related with type="application/dicom", multipart/form-data \
                or application/zip.
                """
        )
    }
}
