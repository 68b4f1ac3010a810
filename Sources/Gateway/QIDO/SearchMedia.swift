import CollimatorCore
import DICOMweb
import Hummingbird

/// In which form a search is answered (PS3.18 §10.6.4).
enum SearchMedia: Sendable, Hashable {
    /// One array in the DICOM JSON model, under one of its two names.
    case json(type: String)
    /// A part for each match, in the Native DICOM Model.
    case xml

    /// The form that the client likes best; JSON where it does not care.
    ///
    /// - Throws: `not-acceptable` where it accepts neither.
    init(acceptedBy request: Request, parameter: String?) throws(CollimatorError) {
        guard let accepted = try AnswerMedia.dataSets.accepted(by: request, parameter: parameter) else {
            self = .dicomJSON
            return
        }
        let best = AcceptHeader(parsing: accepted).entries.first?.media
        switch (best?.essence, best?["type"]) {
        case ("application/json", _): self = .json(type: "application/json")
        case ("application/dicom+xml", _): self = .xml
        case ("multipart/related", let type?) where type.hasPrefix("application/dicom+xml"): self = .xml
        case ("multipart/related", nil), ("multipart/related", "*/*"): self = .xml
        default: self = .dicomJSON
        }
    }

    private static let dicomJSON = SearchMedia.json(type: "application/dicom+json")
}
