internal import CollimatorCore
internal import ImageCodec
import Synchronization

/// An icon in one of its forms.
struct IconKey: Hashable, Sendable {
    let word: String
    let size: ThumbnailSize
    let kind: ImageFormat.Kind
}

extension ThumbnailService {
    /// The most icons that are kept; their words come from files.
    private static let iconsMax = 1_000

    /// The picture of what was chosen, or its icon where the store cannot render it.
    func thumbnail(
        _ face: Notes.Face,
        _ size: ThumbnailSize,
        _ kind: ImageFormat.Kind,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> Rendition {
        switch face {
        case .icon(let word): return try await self.icon(IconKey(word: word, size: size, kind: kind))
        case .picture(let address, let frame, let subject):
            let key = RenditionKey(
                address: address,
                frame: frame,
                version: subject.version,
                form: .thumbnail(size, kind)
            )
            do {
                return try await self.kept(key) {
                    try await self.derived(key, of: subject, size: size, kind: kind, urgency)
                }
            } catch let error as CollimatorError where Self.refusals.contains(error.code) {
                return try await self.icon(IconKey(word: subject.label, size: size, kind: kind))
            }
        }
    }

    /// The picture from memory or the disk, else as it is made, once for all who wait.
    func kept(_ key: RenditionKey, _ make: @escaping @Sendable () async throws -> Rendition) async throws -> Rendition {
        if let picture = self.pictures.picture(key) {
            self.counters.memoryHits.add(1, ordering: .relaxed)
            return picture
        }
        return try await self.pictureFlights.value(key) {
            // It may have got there since.
            if let picture = self.pictures.picture(key) { return picture }
            let states = self.states(of: key)
            if let picture = await self.disk?.picture(key.fileName) {
                self.counters.diskHits.add(1, ordering: .relaxed)
                self.keep(picture, as: key, in: self.pictures, since: states)
                return picture
            }
            let picture = try await make()
            self.keep(picture, as: key, in: self.pictures, since: states)
            self.write(picture, as: key, since: states)
            return picture
        }
    }

    /// A smaller picture of the one that the store renders.
    private func derived(
        _ key: RenditionKey,
        of subject: ImageSubject,
        size: ThumbnailSize,
        kind: ImageFormat.Kind,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> Rendition {
        let sourceKey = RenditionKey(address: key.address, frame: key.frame, version: key.version, form: .source)
        let states = self.states(of: key)
        let source = try await self.pictureFlights.value(sourceKey) {
            if let picture = self.sources.picture(sourceKey) {
                self.counters.derived.add(1, ordering: .relaxed)
                return picture
            }
            if let picture = await self.disk?.picture(sourceKey.fileName) {
                self.counters.derived.add(1, ordering: .relaxed)
                self.keep(picture, as: sourceKey, in: self.sources, since: states)
                return picture
            }
            let largest = ThumbnailSize.largest.rawValue
            // A store enlarges what is smaller than the box: then its own size is asked for.
            let isLarger = subject.size.map { max($0.width, $0.height) > largest } ?? true
            let request = PictureRequest(
                address: key.address,
                frame: key.frame,
                viewport: isLarger ? "\(largest),\(largest)" : nil,
                kind: .png
            )
            let picture = try await self.ask(request, sourceKey, urgency)
            self.keep(picture, as: sourceKey, in: self.sources, since: states)
            self.write(picture, as: sourceKey, since: states)
            return picture
        }
        let reshaping = Reshaping(region: subject.region, displayAspect: subject.displayAspect, box: size.box)
        return try await self.convert(source, to: size.format(kind), reshaping)
    }

    /// A picture of the store, looked through to its last row before anybody keeps it.
    func ask(
        _ request: PictureRequest,
        _ key: RenditionKey,
        _ urgency: UpstreamTurns.Urgency
    ) async throws -> Rendition {
        let states = self.states(of: key)
        return try await self.turns.run(urgency) {
            try await self.remembering(.picture(key, state: states.look)) {
                self.counters.upstreamRequests.add(1, ordering: .relaxed)
                let began = self.configuration.now()
                do {
                    let bytes = try await self.upstream.picture(request)
                    let taken = (self.configuration.now() - began).components
                    let milliseconds = Int(taken.seconds) * 1000 + Int(taken.attoseconds / 1_000_000_000_000_000)
                    self.counters.upstreamMilliseconds.add(milliseconds, ordering: .relaxed)
                    guard let kind = ImageFormat.Kind(ofFile: bytes) else { throw Self.noPicture }
                    let picture = Rendition(bytes: bytes, kind: kind)
                    _ = try await self.convert(picture, to: .jpeg(quality: 50), Self.lookThrough)
                    return picture
                } catch {
                    self.counters.upstreamFailures.add(1, ordering: .relaxed)
                    throw error
                }
            }
        }
    }

    /// What the store gave, in the form that is wished for.
    func finish(_ source: Rendition, _ wish: RenderedWish) async throws -> Rendition {
        guard source.kind != wish.kind || wish.quality != nil else { return source }
        let format: ImageFormat =
            switch wish.kind {
            case .jpeg: .jpeg(quality: wish.quality ?? Self.renderedQuality)
            case .webp: .webp(quality: wish.quality ?? Self.renderedQuality)
            case .png: .png
            }
        do throws(ImageCodecError) {
            return Rendition(bytes: try await self.encoder.convert(source.bytes, to: format).bytes, kind: format.kind)
        } catch {
            // The picture itself was looked through: what is too large is what was wished for.
            if case .tooLarge = error { throw Self.tooLarge }
            throw Self.failure(error)
        }
    }

    private static var tooLarge: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a side is longer than a picture that is made here may have",
            publicDetail: "The picture is too large for this format or quality. A width and a height make it smaller."
        )
    }

    /// The quality of a picture where nobody wished for one.
    private static let renderedQuality = 90
    private static let lookThrough = Reshaping(box: PixelBox(width: 16, height: 16, policy: .shrinkOnly))

    private func icon(_ key: IconKey) async throws -> Rendition {
        self.counters.icons.add(1, ordering: .relaxed)
        if let icon = self.icons.withLock({ $0[key] }) { return icon }
        let raster: Raster
        do throws(ImageCodecError) {
            // The thread of a connection is not for drawing.
            raster = try await withTaskExecutorPreference(globalConcurrentExecutor) { () throws(ImageCodecError) in
                try IconDrawing.raster(key.word, edge: key.size.rawValue)
            }
        } catch {
            throw CollimatorError(.internalError, "an icon could not be drawn", cause: error)
        }
        let bytes: [UInt8]
        do throws(ImageCodecError) {
            bytes = try await self.encoder.encode(raster, as: key.size.format(key.kind))
        } catch {
            throw Self.failure(error)
        }
        let icon = Rendition(bytes: bytes, kind: key.kind)
        self.icons.withLock { icons in
            if icons.count >= Self.iconsMax { icons = [:] }
            icons[key] = icon
        }
        return icon
    }

    private func convert(
        _ source: Rendition,
        to format: ImageFormat,
        _ reshaping: Reshaping
    ) async throws(CollimatorError) -> Rendition {
        do throws(ImageCodecError) {
            return Rendition(
                bytes: try await self.encoder.convert(source.bytes, to: format, reshaping).bytes,
                kind: format.kind
            )
        } catch {
            throw Self.failure(error)
        }
    }

    private func states(of key: RenditionKey) -> Notes.States {
        self.notes.withLock { $0.states(of: key.address.place) }
    }

    /// Keeps a picture that was found while the study was as it is now.
    private func keep(_ picture: Rendition, as key: RenditionKey, in tier: MemoryTier, since states: Notes.States) {
        let gone = tier.put(key, picture)
        self.counters.memoryEvictions.add(gone, ordering: .relaxed)
        // Looked at afterwards, so that a deletion in between cannot be missed by both.
        if self.states(of: key).pixels != states.pixels { _ = tier.remove { $0 == key } }
    }

    private func write(_ picture: Rendition, as key: RenditionKey, since states: Notes.States) {
        self.disk?.put(key.fileName, picture) { [weak self] in
            self.map { $0.states(of: key).pixels == states.pixels } ?? false
        }
    }

    private static func failure(_ error: ImageCodecError) -> CollimatorError {
        switch error {
        case .overloaded, .shutDown, .cancelled:
            CollimatorError(
                .unavailable,
                "too many pictures are being made",
                publicDetail: "Too many pictures are being made now.",
                cause: error,
                retryAfterSeconds: 2
            )
        case .invalidFile, .tooLarge: self.noPicture
        default: CollimatorError(.internalError, "a picture could not be made", cause: error)
        }
    }

    private static var noPicture: CollimatorError {
        CollimatorError(
            .upstreamInvalid,
            "upstream: the answer is no picture, or not a whole one",
            publicDetail: "The DICOM store answered with something that is no picture."
        )
    }
}
