public import NIOCore

/// One thing to store: its bytes with the header fields of its part.
public struct StoreItem: Sendable {
    /// The header fields; `Content-Type` is `application/dicom` unless changed.
    public var headers: HeaderFields
    /// The bytes.
    public var body: RequestBody

    /// Makes an item.
    public init(_ body: RequestBody, headers: HeaderFields = ["Content-Type": "application/dicom"]) {
        self.headers = headers
        self.body = body
    }

    /// A DICOM file on disk, opened when its turn comes.
    public static func file(_ path: String) -> StoreItem {
        StoreItem(.file(path))
    }

    /// A DICOM file in memory.
    public static func bytes(_ bytes: [UInt8]) -> StoreItem {
        StoreItem(.bytes(bytes))
    }

    /// A DICOM file in memory.
    public static func bytes(_ buffer: ByteBuffer) -> StoreItem {
        StoreItem(.bytes(buffer))
    }
}

/// How things are stored.
public struct StoreOptions: Hashable, Sendable {
    /// The study that all instances must belong to; none where they may be of any.
    public var study: StudyUID?
    /// The media type of the root part: DICOM files, or metadata with bulk data in parts of their own.
    public var rootType: MediaType
    /// Whether a failed attempt is repeated after bytes were sent.
    ///
    /// That is safe on servers that know instances by their SOP Instance UID and take the same bytes twice as stored
    /// once, as the Healthcare API does; and possible only where the bytes can be sent again.
    public var isRepeatedBySOPInstance: Bool

    /// Makes options; attempts are repeated only where nothing was sent.
    public init(
        study: StudyUID? = nil,
        rootType: MediaType = .dicom,
        isRepeatedBySOPInstance: Bool = false
    ) {
        self.study = study
        self.rootType = rootType
        self.isRepeatedBySOPInstance = isRepeatedBySOPInstance
    }
}
