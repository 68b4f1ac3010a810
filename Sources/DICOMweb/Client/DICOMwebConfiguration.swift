public import Logging

/// How a ``DICOMwebClient`` behaves: deadlines, limits and retries.
public struct DICOMwebConfiguration: Sendable {
    /// The deadline of calls whose answer is small: searches, deletions, single renditions.
    public var timeout: Duration
    /// The deadline of calls that move files: storing and retrieving.
    public var transferTimeout: Duration
    /// The size of a JSON answer that is read as a whole, in bytes.
    public var jsonBytesMax: Int
    /// How much DICOM JSON may hold.
    public var jsonLimits: DICOMJSONLimits
    /// How much a multipart answer may hold.
    public var multipartLimits: MultipartLimits
    /// When and how often a call is tried again.
    public var retry: RetryPolicy
    /// Gets one debug line for each retry, without anything of the request.
    public var logger: Logger

    /// Makes a configuration; the defaults suit both a workstation and a server.
    public init(
        timeout: Duration = .seconds(60),
        transferTimeout: Duration = .seconds(3600),
        jsonBytesMax: Int = 256 * 1024 * 1024,
        retry: RetryPolicy = RetryPolicy()
    ) {
        self.timeout = timeout
        self.transferTimeout = transferTimeout
        self.jsonBytesMax = jsonBytesMax
        self.jsonLimits = .default
        self.multipartLimits = .default
        self.retry = retry
        self.logger = Logger(label: "DICOMweb", factory: { _ in SwiftLogNoOpLogHandler() })
    }
}
