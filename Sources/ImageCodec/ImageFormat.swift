/// What a raster is encoded to.
package enum ImageFormat: Sendable, Hashable {
    /// Baseline JPEG, quality 1…100.
    case jpeg(quality: Int)
    /// PNG, without loss.
    case png
    /// Lossy WebP, quality 1…100.
    case webp(quality: Int)

    /// The media type of the encoded bytes.
    package var mediaType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        }
    }
}

extension ImageFormat {
    /// The longest side that a file of the format, or its library, can have.
    var sideMax: Int {
        switch self {
        case .jpeg: 65_500
        case .png: Raster.sideMax
        case .webp: 16_383
        }
    }

    /// Throws ``ImageCodecError/invalidQuality`` for one outside 1…100.
    func refuseStrangeQuality() throws(ImageCodecError) {
        switch self {
        case .jpeg(let quality), .webp(let quality):
            guard (1...100).contains(quality) else { throw .invalidQuality }
        case .png: break
        }
    }

    /// The kinds of files, whatever their quality.
    package enum Kind: UInt8, Sendable, CaseIterable {
        case jpeg = 1
        case png = 2
        case webp = 3

        /// The kind by the first bytes; nil for any other file.
        package init?(ofFile bytes: [UInt8]) {
            if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
                self = .jpeg
            } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
                self = .png
            } else if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
                self = .webp
            } else {
                return nil
            }
        }

        /// The media type of such a file.
        package var mediaType: String {
            switch self {
            case .jpeg: "image/jpeg"
            case .png: "image/png"
            case .webp: "image/webp"
            }
        }
    }

    /// The kind of file.
    package var kind: Kind {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .webp: .webp
        }
    }
}
