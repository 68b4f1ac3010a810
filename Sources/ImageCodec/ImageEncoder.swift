internal import NIOPosix
internal import Synchronization

/// Encodes rasters on a fixed number of threads of its own.
///
/// libvips blocks, so it never runs on the threads of Swift's tasks. It is started with the first picture: a process
/// that renders nothing pays nothing. One encoder is enough for a process.
package final class ImageEncoder: Sendable {
    /// Pictures that may wait for a thread; further ones are refused with ``ImageCodecError/overloaded``.
    package static let waitingMax = 1024

    private let pool: NIOThreadPool
    private let pending = Mutex(0)

    /// Starts `threads` threads, at least one.
    package init(threads: Int) {
        self.pool = NIOThreadPool(numberOfThreads: max(1, threads))
        self.pool.start()
    }

    deinit { self.pool.shutdownGracefully { _ in } }

    /// The file of a picture.
    ///
    /// - Parameters:
    ///   - raster: The samples.
    ///   - format: The kind of file and its quality.
    ///   - box: Where given, the picture is scaled to fit in it.
    /// - Returns: The bytes of the file.
    /// - Throws: What is wrong with the arguments, or why the work was not done.
    package func encode(
        _ raster: Raster,
        as format: ImageFormat,
        fitting box: PixelBox? = nil
    ) async throws(ImageCodecError) -> [UInt8] {
        try format.refuseStrangeQuality()
        let size = try box?.size(fitting: raster.width, by: raster.height) ?? (raster.width, raster.height)
        return try await self.work { () throws(ImageCodecError) in
            try VipsLibrary.encode(raster, as: format, size: size)
        }
    }

    /// The picture in a file, as another file.
    ///
    /// The file is not believed: it is JPEG, PNG or WebP by its first bytes, no larger than the limits, and whole.
    /// - Parameters:
    ///   - file: The bytes of the file.
    ///   - format: The kind of file to make and its quality.
    ///   - reshaping: What is done to the picture in between.
    /// - Returns: The new file and the size of its picture.
    /// - Throws: What is wrong with the file or the arguments, or why the work was not done.
    package func convert(
        _ file: [UInt8],
        to format: ImageFormat,
        _ reshaping: Reshaping = Reshaping()
    ) async throws(ImageCodecError) -> EncodedPicture {
        try format.refuseStrangeQuality()
        guard ImageFormat.Kind(ofFile: file) != nil else { throw .invalidFile }
        guard file.count <= Self.fileBytesMax else { throw .tooLarge }
        return try await self.work { () throws(ImageCodecError) in
            try VipsLibrary.convert(file, to: format, reshaping)
        }
    }

    /// The largest file that is looked into, in bytes.
    package static let fileBytesMax = 64 * 1024 * 1024

    private func work<Output: Sendable>(
        _ work: @escaping @Sendable () throws(ImageCodecError) -> Output
    ) async throws(ImageCodecError) -> Output {
        try self.enter()
        defer { self.leave() }
        do {
            return try await self.pool.runIfActive { try work() }
        } catch let error as ImageCodecError {
            throw error
        } catch {
            // The pool answers with a cancellation also when it is no longer there.
            throw Task.isCancelled ? .cancelled : .shutDown
        }
    }

    /// Lets what was begun finish and ends the threads.
    ///
    /// What is asked for later is refused.
    package func shutdown() async {
        await withCheckedContinuation { done in
            self.pool.shutdownGracefully { _ in done.resume() }
        }
    }

    private func enter() throws(ImageCodecError) {
        let isAdmitted = self.pending.withLock { pending in
            guard pending < Self.waitingMax else { return false }
            pending += 1
            return true
        }
        guard isAdmitted else { throw .overloaded }
    }

    private func leave() {
        self.pending.withLock { $0 -= 1 }
    }
}
