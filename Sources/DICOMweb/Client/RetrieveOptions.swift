/// Which transfer syntax objects and frames come in (PS3.18 §8.7.3.5.2).
public enum TransferSyntaxChoice: Hashable, Sendable {
    /// As they were stored, nothing transcoded.
    case asStored
    /// What the server gives by itself; the standard says Explicit VR Little Endian, so compressed data is unpacked.
    case serverDefault
    /// The one with this identifier, transcoded where needed.
    case uid(String)

    /// The parameter for a media type.
    var parameter: String {
        switch self {
        case .asStored: "; transfer-syntax=*"
        case .serverDefault: ""
        case .uid(let uid): "; transfer-syntax=\(uid)"
        }
    }

    /// Whether it can stand in a header field.
    var isValid: Bool {
        if case .uid(let uid) = self { UIDSyntax.isValid(uid.utf8) } else { true }
    }
}

/// The format of a rendered image (PS3.18 §8.7.4).
public enum RenderedFormat: Hashable, Sendable, CaseIterable {
    /// `image/jpeg`.
    case jpeg
    /// `image/png`.
    case png

    /// The media type.
    public var mediaType: MediaType {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        }
    }
}

/// The box that a rendered image is scaled into, in pixels (PS3.18 §8.3.5.1.3).
public struct Viewport: Hashable, Sendable {
    /// The width.
    public let width: Int
    /// The height.
    public let height: Int

    /// Makes a box.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}
