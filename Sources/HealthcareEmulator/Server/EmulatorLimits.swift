internal import EmulatorStorage
internal import NIOCore

/// The limits of the emulator: everything that grows with a request, a client or time has one here.
package struct EmulatorLimits: Sendable {
    /// Connections that are served at once; more wait in the system's queue.
    ///
    /// Below the 1024 descriptors that a process has by default.
    package var connectionsMax = 900
    /// How long a connection may be silent while the server waits for a request, or for the rest of one.
    package var idleSeconds = 120
    /// How long a client may leave the bytes of an answer unread.
    package var stalledWriteSeconds = 300
    /// The longest single header, request target included.
    package var headerFieldBytesMax = 32 * 1024
    /// The longest head of a request.
    package var headerListBytesMax = 64 * 1024
    package var headerFieldsMax = 200
    /// The longest body of every method but StoreInstances, which has no limit (the upstream says 10 MB).
    package var bodyBytesMax = 10 * 1024 * 1024
    /// What is still read, and thrown away, of a body that the answer did not wait for; then the connection is closed.
    package var drainedBytesMax = 16 * 1024 * 1024
    /// Query parameters of one request.
    package var queryParametersMax = 200
    /// Instances of one upload that are checked, written and indexed at a time, while the next are still arriving.
    package var concurrentStoresPerRequest = 8
    /// The longest DICOM JSON part of an upload of metadata with bulk data.
    package var metadataPartBytesMax = 64 * 1024 * 1024
    /// The largest bulk data of one instance of such an upload: it is in memory while its file is written.
    package var bulkDataBytesMax = 256 * 1024 * 1024
    /// Parts of bulk data of one such upload.
    package var bulkPartsMax = 1000
    /// Such uploads that are taken at a time; more are refused, because each may hold its largest bulk data several times.
    package var metadataUploadsMax = 2
    /// The DICOM JSON of a search that is in memory at a time; a single larger object is whole.
    package var searchPageBytesMax = 4 * 1024 * 1024
    /// The same of the metadata of a study, series or instance.
    package var metadataPageBytesMax = Archive.metadataPageBytesMax
    /// Frames of one request.
    package var framesPerRequestMax = 4096
    /// The widest and highest viewport, in pixels.
    package var viewportSideMax = 8192
    /// Threads for decoding and rendering pixel data.
    package var decodingThreads = max(2, System.coreCount)
    /// Decodings that may wait for a thread; more are refused.
    package var decodingsWaitingMax = 512
    /// Threads for reading files that are sent.
    package var fileThreads = 4
    /// Access tokens that are remembered; the oldest give way.
    package var accessTokensMax = 10_000
    /// Operations that may wait to be run; more are refused.
    package var operationsWaitingMax = 1000

    /// Messages that one pull gives.
    package var pulledMessagesMax = 1000
    /// How long a pull waits for the first message.
    package var longPollSeconds = 20

    package init() {}
}
