/// Why no image was made.
///
/// Holds no text of the library, which may repeat what it was given.
package enum ImageCodecError: Error, Sendable, Hashable {
    /// Size, channel count and number of bytes of the raster do not go together.
    case invalidRaster
    /// The size asked for is empty or beyond the limit.
    case invalidSize
    /// The quality is outside 1…100.
    case invalidQuality
    /// The file is none of JPEG, PNG and WebP, or is damaged or cut off.
    case invalidFile
    /// The file or the picture in it is larger than a limit, or a side longer than the format has.
    case tooLarge
    /// libvips could not be started.
    case unavailable
    /// libvips refused.
    case encodingFailed
    /// Too many images are waiting already.
    case overloaded
    /// The caller gave up before the work began.
    case cancelled
    /// The encoder was shut down.
    case shutDown
}
