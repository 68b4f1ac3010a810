internal import DICOMweb
internal import HTTPTypes

/// How data sets are sent: search results and metadata.
enum DataSetForm: Sendable, Hashable {
    /// One array of objects, `application/dicom+json`.
    case json
    /// A part for each, `multipart/related; type="application/dicom+xml"`.
    case xml

    static let jsonContentType = MediaType.dicomJSON.essence

    /// The form that the client likes best; `application/json` names the same bytes.
    init(accepting headers: HTTPFields) throws(GoogleError) {
        let accept = AcceptHeader(parsing: headers[values: .accept])
        for entry in accept.entries where entry.quality > 0 {
            if let form = Self.form(entry.media) {
                self = form
                return
            }
        }
        throw GoogleError(
            .notAcceptable,
            """
            The media type is not supported: application/dicom+json and multipart/related; \
            type="application/dicom+xml" are.
            """
        )
    }

    private static func form(_ media: MediaType) -> DataSetForm? {
        switch media.essence {
        case "*/*", "application/*", "application/dicom+json", "application/json": return .json
        case "multipart/related", "multipart/*":
            guard let type = media["type"]?.lowercased() else { return .xml }
            return type == MediaType.dicomXML.essence ? .xml : nil
        default: return nil
        }
    }
}
