internal import DICOMweb
internal import HTTPTypes
internal import ImageCodec

/// How pictures are sent: JPEG, or PNG where that is preferred, as parts where there are several.
struct RenderedFormat: Sendable, Hashable {
    let image: ImageFormat
    let isMultipart: Bool

    /// The quality of JPEG; the upstream does not let it be chosen.
    static let jpeg = ImageFormat.jpeg(quality: 90)

    init(accepting headers: HTTPFields, pictureCount: Int) throws(GoogleError) {
        let accept = AcceptHeader(parsing: headers[values: .accept])
        for entry in accept.entries where entry.quality > 0 {
            let media = entry.media
            let isMultipart = media.type == "multipart"
            let type = isMultipart ? media["type"]?.lowercased() ?? "*/*" : media.essence
            guard !isMultipart || media.subtype == "related" || media.subtype == "*" else { continue }
            switch type {
            case "image/jpeg", "image/*", "*/*": self.image = Self.jpeg
            case "image/png": self.image = .png
            default: continue
            }
            self.isMultipart = isMultipart || pictureCount > 1
            return
        }
        throw GoogleError(.notAcceptable, "The media type is not supported: image/jpeg and image/png are.")
    }
}

/// The box of the query parameter `viewport`, `width,height` (PS3.18 §8.3.5.1.3); the only one that is taken.
struct Viewport: Sendable, Hashable {
    static let parameter = "viewport"

    let box: PixelBox

    init?(_ query: QueryParameters, sideMax: Int) throws(GoogleError) {
        guard let text = try query.value(Self.parameter) else { return nil }
        let sides = text.split(separator: ",", omittingEmptySubsequences: false).map { QueryParameters.integer($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], (1...sideMax).contains(width),
            (1...sideMax).contains(height)
        else {
            throw GoogleError(
                .invalidArgument,
                naming: "Invalid viewport: it must be width,height, each a whole number from 1 to \(sideMax)."
            )
        }
        self.box = PixelBox(width: width, height: height, policy: .fill)
    }
}
