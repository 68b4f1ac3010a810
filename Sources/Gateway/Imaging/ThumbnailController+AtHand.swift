import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import ImageCodec
import Imaging

/// How pictures are found again that were asked for before: whoever asks next has been decided on by then.
extension ThumbnailController {
    func studyAtHand(_ isDICOMweb: Bool) -> Endpoint.AtHand<StudyTarget> {
        { [thumbnails] request, _, target in
            guard let wish = StandingWish(request, isDICOMweb: isDICOMweb) else { return nil }
            let place = target.place
            return { fields, part in
                guard let kind = wish.kind(for: fields) else { return nil }
                let permitted: Set<SeriesUID>? = if case .series(let series) = part { series } else { nil }
                return thumbnails.pictureAtHand(place, permitted: permitted, size: wish.size, kind: kind)
                    .map { QuickAnswer($0, of: thumbnails, to: fields) }
            }
        }
    }

    func seriesAtHand(_ isDICOMweb: Bool) -> Endpoint.AtHand<SeriesTarget> {
        { [thumbnails] request, _, target in
            guard let wish = StandingWish(request, isDICOMweb: isDICOMweb) else { return nil }
            let (place, series) = (target.parent.place, target.series)
            return { fields, _ in
                guard let kind = wish.kind(for: fields) else { return nil }
                return thumbnails.pictureAtHand(place, series: series, size: wish.size, kind: kind)
                    .map { QuickAnswer($0, of: thumbnails, to: fields) }
            }
        }
    }

    /// Of an instance; of the frame that the path's parameter of that name tells, where there is one.
    func instanceAtHand(_ isDICOMweb: Bool, frame name: Substring? = nil) -> Endpoint.AtHand<InstanceTarget> {
        { [thumbnails] request, context, target in
            guard let wish = StandingWish(request, isDICOMweb: isDICOMweb) else { return nil }
            let frame = name.flatMap { context.parameters[$0] }.flatMap { Int($0) }
            guard (frame == nil) == (name == nil) else { return nil }
            let address = target.address
            return { fields, _ in
                guard let kind = wish.kind(for: fields) else { return nil }
                return thumbnails.pictureAtHand(address, frame: frame, size: wish.size, kind: kind)
                    .map { QuickAnswer($0, of: thumbnails, to: fields) }
            }
        }
    }
}

/// What the target of a request wishes for: the size, and the kind unless that is left to `Accept`.
private struct StandingWish: Sendable {
    let size: ThumbnailSize
    private let kind: ImageFormat.Kind?

    /// Nil for a request that is refused.
    init?(_ request: Request, isDICOMweb: Bool) {
        do throws(CollimatorError) {
            let wish = try ThumbnailRequest(request, isDICOMweb: isDICOMweb)
            self.size = wish.size
            self.kind = wish.isKindNamed ? wish.kind : nil
        } catch {
            return nil
        }
    }

    /// The kind for a request with these fields; nil where none is accepted.
    func kind(for fields: HTTPFields) -> ImageFormat.Kind? {
        if let kind { return kind }
        do throws(CollimatorError) {
            return try PictureKind.parse(nil, accept: fields[values: .accept])
        } catch {
            return nil
        }
    }
}
