public import NIOCore

/// What the next bytes of a multipart body mean.
public enum MultipartEvent: Hashable, Sendable {
    /// A part begins; these are its header fields.
    case partBegan(HeaderFields)
    /// Some of the content of the part.
    case partBytes(ByteBuffer)
    /// The content of the part is complete.
    case partEnded
    /// The closing boundary has been read; whatever follows means nothing.
    case finished
}
