import CollimatorCore
package import DICOMweb
package import ImageCodec
package import Logging
import Synchronization

/// Makes pictures and keeps them: in memory, on the disk, and with the stores.
///
/// Whoever asks has been decided on before, on each request anew; here nobody is known. Pixels are kept by instance,
/// frame and version of the content, so that an edit of a name or one more slice throws none away.
package final class ThumbnailService: Sendable {
    let configuration: ImagingConfiguration
    let upstream: ImagingUpstream
    /// Made with the first picture: a process that makes none has no threads for it.
    private let encoders = Mutex<ImageEncoder?>(nil)
    let turns: UpstreamTurns
    let pictures: MemoryTier
    /// What others are made of; apart, so that these few large ones do not push out many small ones.
    let sources: MemoryTier
    let icons: Mutex<[IconKey: Rendition]>
    let disk: DiskTier?
    let notes = Mutex(Notes())
    let counters = ThumbnailCounters()
    let faceFlights = Flights<Notes.FaceKey, Notes.Face>()
    let subjectFlights = Flights<Notes.SubjectKey, ImageSubject>()
    let pictureFlights = Flights<RenditionKey, Rendition>()
    let pending = PendingStudies()
    let logger: Logger

    /// What part of the memory is for what others are made of: one of so many.
    private static let sourceShare = 8

    package init(configuration: ImagingConfiguration, upstream: ImagingUpstream, logger: Logger) {
        self.configuration = configuration
        self.upstream = upstream
        self.turns = UpstreamTurns(width: configuration.upstreamWidth)
        let sourceBytes = configuration.memoryBytesMax / Self.sourceShare
        self.sources = MemoryTier(bytesMax: sourceBytes)
        self.pictures = MemoryTier(bytesMax: configuration.memoryBytesMax - sourceBytes)
        self.icons = Mutex([:])
        self.logger = logger
        self.disk = configuration.directory.flatMap { path in
            guard configuration.diskBytesMax > 0 else { return nil }
            return DiskTier(path: path, bytesMax: configuration.diskBytesMax, logger: logger)
        }
    }

    /// The picture that stands for a study, chosen among the series that are permitted; nil permits all.
    package func study(
        _ place: StudyPlace,
        permitted: Set<SeriesUID>? = nil,
        size: ThumbnailSize,
        kind: ImageFormat.Kind
    ) async throws -> Rendition {
        let face = try await self.face(place, series: nil, permitted: permitted, .visible)
        return try await self.thumbnail(face, size, kind, .visible)
    }

    /// The picture that stands for a series.
    package func series(
        _ series: SeriesUID,
        of place: StudyPlace,
        size: ThumbnailSize,
        kind: ImageFormat.Kind
    ) async throws -> Rendition {
        let face = try await self.face(place, series: series, permitted: nil, .visible)
        return try await self.thumbnail(face, size, kind, .visible)
    }

    /// The picture of an instance, or of a frame of it, counted from 1.
    ///
    /// Throws `not-found` for a frame beyond the last.
    package func instance(
        _ address: ImageAddress,
        frame: Int? = nil,
        size: ThumbnailSize,
        kind: ImageFormat.Kind
    ) async throws -> Rendition {
        let subject = try await self.subject(address, .visible)
        try Self.refuseMissing(frame, of: subject)
        return try await self.thumbnail(self.face(address, subject, frame: frame), size, kind, .visible)
    }

    /// What an instance is, as far as pictures of it go.
    package func subject(_ address: ImageAddress) async throws -> ImageSubject {
        try await self.subject(address, .visible)
    }

    /// A picture of an instance or a frame as the store renders it, in the form that is wished for.
    ///
    /// Throws `not-found` for a frame beyond the last, and what the store's failure means.
    package func rendered(_ address: ImageAddress, frame: Int?, _ wish: RenderedWish) async throws -> Rendition {
        let subject = try await self.subject(address, .visible)
        try Self.refuseMissing(frame, of: subject)
        let key = RenditionKey(address: address, frame: frame, version: subject.version, form: .rendered(wish))
        return try await self.kept(key) {
            let source = try await self.ask(
                PictureRequest(
                    address: address,
                    frame: frame,
                    viewport: wish.viewport,
                    kind: wish.kind == .jpeg && wish.quality == nil ? .jpeg : .png
                ),
                key,
                .visible
            )
            return try await self.finish(source, wish)
        }
    }

    /// A study became another one; `isDeleted` says that something of it, or all, is gone, and may come again otherwise.
    package func changed(_ place: StudyPlace, isDeleted: Bool) async {
        self.notes.withLock { $0.change(place, hasOtherPixels: isDeleted) }
        if isDeleted {
            await self.forgetPixels(of: place)
        } else if let quiet = self.configuration.quiet {
            self.pending.put(place, dueAt: self.configuration.now() + quiet)
        }
    }

    /// Forgets the pictures of a study, or all of them.
    package func purge(_ place: StudyPlace?) async {
        guard let place else {
            self.notes.withLock { $0.changeAll() }
            _ = self.pictures.remove { _ in true }
            _ = self.sources.remove { _ in true }
            await self.disk?.removeAll()
            return
        }
        self.notes.withLock { $0.change(place, hasOtherPixels: true) }
        await self.forgetPixels(of: place)
    }

    var encoder: ImageEncoder {
        self.encoders.withLock { encoder in
            let known = encoder ?? ImageEncoder(threads: self.configuration.threads)
            encoder = known
            return known
        }
    }

    /// What the cache did and holds.
    package var statistics: ThumbnailStatistics {
        var statistics = self.counters.statistics
        statistics.memoryBytes = self.pictures.bytes + self.sources.bytes
        statistics.memoryCount = self.pictures.count + self.sources.count
        statistics.diskBytes = self.disk?.bytes ?? 0
        statistics.diskCount = self.disk?.count ?? 0
        return statistics
    }

    private func forgetPixels(of place: StudyPlace) async {
        _ = self.pictures.remove { $0.address.place == place }
        _ = self.sources.remove { $0.address.place == place }
        await self.disk?.remove(FileName.study(place))
    }

    private static func refuseMissing(_ frame: Int?, of subject: ImageSubject) throws(CollimatorError) {
        guard let frame else { return }
        guard (1...subject.frameCount).contains(frame) else {
            throw CollimatorError(
                .notFound,
                "the instance has no such frame",
                publicDetail: "The instance has no frame of this number. The instance tells how many it has."
            )
        }
    }
}
