internal import CollimatorCore
internal import DICOMweb
internal import ImageCodec
internal import Logging

extension ThumbnailService {
    /// Series of a study whose pictures are made ready.
    private static let seriesAheadMax = 32
    /// How often it is looked whether a study has been left alone long enough.
    private static let lookInterval = Duration.seconds(1)

    /// Takes up what is on the disk, and makes pictures ready until the task is cancelled.
    package func run() async {
        await self.disk?.takeUp()
        while !Task.isCancelled {
            await self.makeReady()
            do {
                try await Task.sleep(for: Self.lookInterval)
            } catch {
                return
            }
        }
    }

    /// Makes the pictures of studies that have been left alone, those of one study after the other.
    func makeReady() async {
        for place in self.pending.take(at: self.configuration.now()) {
            guard !Task.isCancelled else { return }
            do {
                try await self.makeReady(place)
            } catch {
                // Whoever looks is told; here nobody asked.
                self.logger.debug("pictures of a study were not made ready", error: error)
            }
        }
    }

    private func makeReady(_ place: StudyPlace) async throws {
        let face = try await self.face(place, series: nil, permitted: nil, .ahead)
        _ = try await self.thumbnail(face, .standard, .webp, .ahead)
        let order = RepresentativeChoice.order(try await self.upstream.series(place), permitted: nil)
        for series in order.prefix(Self.seriesAheadMax) {
            guard !Task.isCancelled else { return }
            let face = try await self.face(place, series: series.series, permitted: nil, .ahead)
            _ = try await self.thumbnail(face, .standard, .webp, .ahead)
        }
    }
}
