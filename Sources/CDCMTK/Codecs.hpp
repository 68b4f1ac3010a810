// Decoding and encoding of single frames, one function per family of transfer syntaxes.
#pragma once

#include "Object.hpp"

namespace collimator {

namespace transfer {

constexpr const char *implicitLittle = "1.2.840.10008.1.2";
constexpr const char *explicitLittle = "1.2.840.10008.1.2.1";
constexpr const char *deflated = "1.2.840.10008.1.2.1.99";
constexpr const char *explicitBig = "1.2.840.10008.1.2.2";

}  // namespace transfer

/// How pixels are compressed in a transfer syntax.
enum class Compression : uint8_t {
    none, jpegBaseline, jpegExtended, jpegLossless, jpegOther, jpegLS, jpegLSNear, jpeg2000Lossless, jpeg2000,
    highThroughput2000, runLength, deflatedFrame, unsupported,
};

/// What a transfer syntax asks for; "unsupported" for those that cannot be read here.
Compression compressionOf(const std::string &transferSyntax);
bool canDecode(Compression compression);
/// Whether encoding changes pixels; the near-lossless form of JPEG-LS is written without loss.
bool isLossy(Compression compression);

/// Whether frames of this image can be written in a transfer syntax.
bool canEncode(const ImageDescription &image, const std::string &transferSyntax);

/// The bytes swapped together in big-endian pixel data.
size_t swapUnit(const ImageDescription &image, VR vr);

DecodedFrame decodeEncapsulated(const Bytes &encoded, const ImageDescription &image, const std::string &transferSyntax);

/// Brings a frame into the form that encoders take: colour by pixel, whole, RGB before a lossy transform.
void prepareForEncoding(DecodedFrame &frame, Compression compression);

/// The frame in another transfer syntax; native ones give explicit little-endian pixels, colour by pixel.
Bytes encodeFrame(const DecodedFrame &frame, const std::string &transferSyntax);

/// What the pixels of a prepared frame are called once encoded: (0028,0004).
std::string photometricAfterEncoding(const DecodedFrame &frame, Compression compression);

// The single codecs. Each checks the stream's own dimensions against the image's before it allocates.
DecodedFrame decodeJPEG(const Bytes &encoded, const ImageDescription &image);
DecodedFrame decodeJPEGLS(const Bytes &encoded, const ImageDescription &image);
DecodedFrame decodeJPEG2000(const Bytes &encoded, const ImageDescription &image);
DecodedFrame decodeRunLength(const Bytes &encoded, const ImageDescription &image);
DecodedFrame decodeDeflatedFrame(const Bytes &encoded, const ImageDescription &image);

Bytes encodeJPEG(const DecodedFrame &frame, Compression compression, bool usesFirstPredictor);
Bytes encodeJPEGLS(const DecodedFrame &frame);
Bytes encodeJPEG2000(const DecodedFrame &frame, bool isLossless);
Bytes encodeRunLength(const DecodedFrame &frame);
Bytes encodeDeflatedFrame(const DecodedFrame &frame);

/// A frame with the description's shape and `precision` bits in whole bytes; the codec fills the bytes.
DecodedFrame emptyFrame(const ImageDescription &image, unsigned precision);
/// Colour by plane becomes colour by pixel.
void interleave(DecodedFrame &frame);

/// Registers what the toolkit needs; called once.
void registerCodecs();

}  // namespace collimator
