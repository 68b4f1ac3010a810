package import DICOMweb
package import ImageCodec
internal import Synchronization

/// A picture that lies in memory.
package struct PictureAtHand: Sendable {
    package let picture: Rendition
    fileprivate let isIcon: Bool
}

/// What lies in memory, given out without waiting: nil for everything that has to be found, read or made.
///
/// Whoever gives it out says so (``countGiven(_:)``).
extension ThumbnailService {
    /// The picture that stands for a study, chosen among the series that are permitted, or for a series of it.
    package func pictureAtHand(
        _ place: StudyPlace,
        series: SeriesUID? = nil,
        permitted: Set<SeriesUID>? = nil,
        size: ThumbnailSize,
        kind: ImageFormat.Kind
    ) -> PictureAtHand? {
        self.faceAtHand(place, series: series, permitted: permitted).flatMap { self.pictureAtHand($0, size, kind) }
    }

    /// The picture of an instance, or of a frame of it, counted from 1.
    package func pictureAtHand(
        _ address: ImageAddress,
        frame: Int? = nil,
        size: ThumbnailSize,
        kind: ImageFormat.Kind
    ) -> PictureAtHand? {
        let known = self.notes.withLock { notes in
            notes.subject(Notes.SubjectKey(address: address, state: notes.states(of: address.place).look))
        }
        guard let subject = known, frame.map({ (1...subject.frameCount).contains($0) }) ?? true else { return nil }
        return self.pictureAtHand(self.face(address, subject, frame: frame), size, kind)
    }

    private func pictureAtHand(_ face: Notes.Face, _ size: ThumbnailSize, _ kind: ImageFormat.Kind) -> PictureAtHand? {
        switch face {
        case .icon(let word):
            let icon = self.icons.withLock { $0[IconKey(word: word, size: size, kind: kind)] }
            return icon.map { PictureAtHand(picture: $0, isIcon: true) }
        case .picture(let address, let frame, let subject):
            let form = RenditionKey.Form.thumbnail(size, kind)
            let key = RenditionKey(address: address, frame: frame, version: subject.version, form: form)
            return self.pictures.picture(key).map { PictureAtHand(picture: $0, isIcon: false) }
        }
    }

    /// Counts a picture that lay at hand and was given out.
    package func countGiven(_ picture: PictureAtHand) {
        if picture.isIcon {
            self.counters.icons.add(1, ordering: .relaxed)
        } else {
            self.counters.memoryHits.add(1, ordering: .relaxed)
        }
    }
}
