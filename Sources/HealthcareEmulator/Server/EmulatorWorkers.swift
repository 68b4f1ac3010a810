internal import ImageCodec
internal import NIOPosix

/// The threads of the emulator beside those of the event loops and of Swift's tasks: decoding, encoding, reading files.
struct EmulatorWorkers: Sendable {
    let decoding: WorkPool
    let images: ImageEncoder
    let files: FileReader

    init(_ limits: EmulatorLimits) {
        let reading = NIOThreadPool(numberOfThreads: limits.fileThreads)
        reading.start()
        self.decoding = WorkPool(threads: limits.decodingThreads, waitingMax: limits.decodingsWaitingMax)
        self.images = ImageEncoder(threads: limits.decodingThreads)
        self.files = FileReader(pool: reading)
    }

    /// Lets what was begun finish, and ends the threads.
    func shutdown() async {
        await self.decoding.shutdown()
        await self.images.shutdown()
        await withCheckedContinuation { done in
            self.files.pool.shutdownGracefully { _ in done.resume() }
        }
    }
}
