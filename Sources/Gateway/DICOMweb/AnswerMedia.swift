import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird

/// The media types that a kind of answer comes in (PS3.18 §8.7.3), both for what a caller may ask for and for what an
/// upstream may give.
///
/// The lists are closed: a page in HTML from an upstream never gets to a browser as an answer of ours.
struct AnswerMedia: Sendable {
    private let essences: Set<String>
    /// What is asked for where parts of any type are welcome; nil where the upstream understands that.
    private var anyPart: String?

    /// Searches, metadata and the outcome of storing.
    static let dataSets = AnswerMedia(essences: ["application/dicom+json", "application/json", "application/dicom+xml"])

    /// Files, frames and bulk data.
    static let objects = AnswerMedia(
        essences: [
            "application/dicom", "application/octet-stream", "application/x-deflate", "image/jpeg", "image/jls",
            "image/x-jls", "image/jp2", "image/jpx", "image/jphc", "image/jxl", "image/png", "image/gif",
            "image/dicom-rle", "image/x-dicom-rle", "video/mpeg", "video/mpeg2", "video/mp4", "video/h264",
            "video/h265",
        ]
    )

    /// Bulk data of servers that refuse `type="*/*"`, which is what dicomweb-client asks for; Orthanc does.
    static let plainValues = AnswerMedia(essences: Self.objects.essences, anyPart: "application/octet-stream")

    /// Renditions.
    static let pictures = AnswerMedia(
        essences: [
            "image/jpeg", "image/png", "image/gif", "image/jp2", "image/jph", "image/jxl", "video/mpeg", "video/mp4",
        ]
    )

    /// Whether an answer of this type is of the kind, alone or as parts.
    func allows(_ contentType: String?) -> Bool {
        guard let media = contentType.flatMap({ DICOMweb.MediaType(parsing: $0) }) else { return false }
        guard media.essence == "multipart/related" else { return self.essences.contains(media.essence) }
        guard media["boundary"] != nil else { return false }
        // The root type may be left out, and some servers put the transfer syntax inside its quotes.
        return media["type"].map(self.allowsPart) ?? true
    }

    private func allowsPart(_ type: String) -> Bool {
        DICOMweb.MediaType(parsing: type).map { self.essences.contains($0.essence) } ?? false
    }

    /// What the caller accepts of this kind, as it is asked of the upstream; nil where everything is welcome.
    ///
    /// The parameter `accept` of the query stands in for the header (PS3.18 §8.3.3.1). Throws `not-acceptable` where
    /// nothing is left.
    func accepted(by request: Request, parameter: String?) throws(CollimatorError) -> String? {
        let values = parameter.map { [Self.repaired($0)] } ?? request.headers[values: .accept]
        guard !values.isEmpty else { return nil }
        let entries = AcceptHeader(parsing: values).entries.filter { $0.quality > 0 && self.covers($0.media) }
        guard !entries.isEmpty else {
            throw CollimatorError(
                .notAcceptable,
                "no accepted media type is one of this kind of answer",
                publicDetail: "None of the accepted media types is one that this resource has."
            )
        }
        return entries.map(self.text).joined(separator: ", ")
    }

    private func covers(_ media: DICOMweb.MediaType) -> Bool {
        if media.type == "*" { return true }
        if media.subtype == "*" { return self.essences.contains { $0.hasPrefix("\(media.type)/") } }
        guard media.essence == "multipart/related" else { return self.essences.contains(media.essence) }
        guard let type = media["type"] else { return true }
        return DICOMweb.MediaType(parsing: type).map(self.covers) ?? false
    }

    private func text(_ entry: AcceptHeader.Entry) -> String {
        let media = self.named(entry.media)
        guard entry.quality < 1000 else { return media }
        let digits = String(entry.quality + 1000).dropFirst()
        return "\(media); q=0.\(digits)"
    }

    private func named(_ media: DICOMweb.MediaType) -> String {
        guard let part = self.anyPart, media.essence == "multipart/related", media["type"] == "*/*" else {
            return media.description
        }
        return "multipart/related; type=\"\(part)\""
    }

    /// A plus that a form's decoding took for a space becomes one again: a media type has no space inside its names.
    private static func repaired(_ text: String) -> String {
        ["json", "xml"].reduce(text) { $0.replacing("dicom \($1)", with: "dicom+\($1)") }
    }
}

/// Throws `upstream-invalid` for a body that is not of the kind that was asked for, or is packed in a way that nobody
/// asked for.
func refuseStrangeMedia(_ answer: UpstreamResponse, allowing media: AnswerMedia) throws(CollimatorError) {
    guard answer.status != 204 else { return }
    let encoding = answer.headers[.contentEncoding]?.lowercased() ?? "identity"
    guard media.allows(answer.headers[.contentType]), encoding == "identity" else {
        throw CollimatorError(
            .upstreamInvalid,
            "upstream: the media type is not that of a DICOMweb answer",
            publicDetail: "The DICOM store answered with something that is not DICOMweb."
        )
    }
}
