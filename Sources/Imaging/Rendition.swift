internal import Cryptography
package import ImageCodec

/// A picture as it is sent.
package struct Rendition: Hashable, Sendable {
    package let bytes: [UInt8]
    package let kind: ImageFormat.Kind
    /// The beginning of the hash of the bytes, in the alphabet of URLs: it makes a strong entity tag.
    package let hash: String

    /// How much of the hash is kept: enough that two pictures never share one.
    private static let hashBytes = 16

    package init(bytes: [UInt8], kind: ImageFormat.Kind) {
        self.bytes = bytes
        self.kind = kind
        self.hash = Base64URL.encode(Array(SHA256.hash(bytes).prefix(Self.hashBytes)))
    }

    /// What it takes in memory beside its bytes, with its key and its place: measured with 100,000 small ones.
    static let overheadBytes = 1_280
}

/// What a picture of an instance or a frame is asked for as, beside thumbnails.
package struct RenderedWish: Hashable, Sendable {
    /// The box that the store fits the picture to, as `width,height`; nil for the picture's own size.
    package let viewport: String?
    package let kind: ImageFormat.Kind
    /// 1…100; nil for what the store makes.
    package let quality: Int?

    package init(viewport: String?, kind: ImageFormat.Kind, quality: Int?) {
        self.viewport = viewport
        self.kind = kind
        self.quality = quality
    }
}
