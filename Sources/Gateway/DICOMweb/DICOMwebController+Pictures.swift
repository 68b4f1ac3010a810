import CollimatorCore
import DICOMweb
import Hummingbird
import ImageCodec
import Imaging

extension DICOMwebController {
    /// A rendition out of the cache of pictures, the same that the other tree gives; nil where more is wished for than is
    /// kept, which is passed through.
    ///
    /// Kept are single pictures of images, as JPEG or PNG, in their own size or fitted to a viewport.
    func keptRendition(of target: InstanceTarget, frame: Int?, request: Request) async throws -> Response? {
        let query = try RenditionQuery(parsing: request.uri.query, hasViewportOnly: target.store.resource != nil)
        let accept = try AnswerMedia.pictures.accepted(by: request, parameter: query.accept)
        guard let thumbnails = self.thumbnails, let wish = RenderedWish(query, accept: accept) else { return nil }
        // What is no image the store may show in its own way: as a video, or not at all.
        guard try await thumbnails.subject(target.address).kind == .image else { return nil }
        return pictureAnswer(try await thumbnails.rendered(target.address, frame: frame, wish), to: request)
    }
}

extension RenderedWish {
    /// Nil where a picture is wished for that is not kept.
    fileprivate init?(_ query: RenditionQuery, accept: String?) {
        let viewport: String?
        switch query.text {
        case nil: viewport = nil
        case let text?:
            guard text.hasPrefix("viewport="), let box = Self.box(text.dropFirst("viewport=".utf8.count)) else {
                return nil
            }
            viewport = box
        }
        let accepted = AcceptHeader(parsing: accept.map { [$0] } ?? [])
        guard accepted.entries.allSatisfy({ Self.known.contains($0.media.essence) }),
            let best = accept == nil ? .jpeg : accepted.best(of: [.jpeg, .png])
        else { return nil }
        self.init(viewport: viewport, kind: best == .png ? .png : .jpeg, quality: nil)
    }

    private static let known: Set<String> = ["image/jpeg", "image/png", "image/*", "*/*"]

    /// The width and height as they are kept; nil where they are none, or larger than any that is.
    private static func box(_ text: Substring) -> String? {
        let sides = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 2, sides.allSatisfy((1...RenditionRequest.edgeMax).contains) else { return nil }
        return "\(sides[0]),\(sides[1])"
    }
}
