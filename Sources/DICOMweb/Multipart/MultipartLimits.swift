/// How much a multipart body may hold before it is refused.
///
/// The size of the body as a whole is not limited here: it is streamed, and whoever stores it counts.
public struct MultipartLimits: Hashable, Sendable {
    /// The number of parts.
    public var maxParts: Int
    /// The size of the header of one part, in bytes.
    public var maxHeaderBytesPerPart: Int
    /// The number of header fields of one part.
    public var maxHeadersPerPart: Int
    /// The size of what may precede the first boundary and follow the last one, in bytes each.
    public var maxBytesAroundParts: Int
    /// The size of the content of one part, in bytes.
    public var maxBytesPerPart: Int64

    /// Makes limits.
    public init(
        maxParts: Int = 100_000,
        maxHeaderBytesPerPart: Int = 16 * 1024,
        maxHeadersPerPart: Int = 64,
        maxBytesAroundParts: Int = 64 * 1024,
        maxBytesPerPart: Int64 = .max
    ) {
        self.maxParts = maxParts
        self.maxHeaderBytesPerPart = maxHeaderBytesPerPart
        self.maxHeadersPerPart = maxHeadersPerPart
        self.maxBytesAroundParts = maxBytesAroundParts
        self.maxBytesPerPart = maxBytesPerPart
    }

    /// 100,000 parts, each with 16 KiB of header in 64 fields and content of any size.
    public static let `default` = MultipartLimits()
}

/// Why a body is no multipart body.
public enum MultipartError: String, Error, Hashable, Sendable, CaseIterable {
    /// The boundary is empty, longer than 70 characters or has others than RFC 2046 §5.1.1 allows.
    case invalidBoundary
    /// The body ends before its closing boundary.
    case truncated
    /// A part's header is no list of header fields.
    case malformedHeader
    /// A part's header has too many bytes or fields.
    case headerTooLarge
    /// There are too many parts.
    case tooManyParts
    /// The content of a part is too large.
    case partTooLarge
    /// Too much stands before the first or after the last boundary.
    case tooMuchAroundParts
    /// The content of a part was asked for after the next part had been.
    case partPassed
}
