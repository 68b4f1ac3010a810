#include "Codecs.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <cstring>

namespace collimator {

namespace {

struct Syntax {
    const char *uid;
    Compression compression;
};

constexpr Syntax syntaxes[] = {
    {"1.2.840.10008.1.2", Compression::none},
    {"1.2.840.10008.1.2.1", Compression::none},
    {"1.2.840.10008.1.2.1.99", Compression::none},
    {"1.2.840.10008.1.2.2", Compression::none},
    {"1.2.840.10008.1.2.5", Compression::runLength},
    {"1.2.840.10008.1.2.8.1", Compression::deflatedFrame},
    {"1.2.840.10008.1.2.4.50", Compression::jpegBaseline},
    {"1.2.840.10008.1.2.4.51", Compression::jpegExtended},
    // Retired processes: spectral selection, full progression and the lossless ones of both entropy codings that the
    // library knows.
    {"1.2.840.10008.1.2.4.53", Compression::jpegOther},
    {"1.2.840.10008.1.2.4.55", Compression::jpegOther},
    {"1.2.840.10008.1.2.4.57", Compression::jpegLossless},
    {"1.2.840.10008.1.2.4.70", Compression::jpegLossless},
    {"1.2.840.10008.1.2.4.80", Compression::jpegLS},
    {"1.2.840.10008.1.2.4.81", Compression::jpegLSNear},
    {"1.2.840.10008.1.2.4.90", Compression::jpeg2000Lossless},
    {"1.2.840.10008.1.2.4.91", Compression::jpeg2000},
    {"1.2.840.10008.1.2.4.201", Compression::highThroughput2000},
    {"1.2.840.10008.1.2.4.202", Compression::highThroughput2000},
    {"1.2.840.10008.1.2.4.203", Compression::highThroughput2000},
};

bool isYBR(const std::string &photometric) { return photometric.rfind("YBR", 0) == 0; }

/// Full-range colour difference to RGB (PS3.3 §C.7.6.3.1.2), in place, 8 bits, by pixel.
void toRGB(DecodedFrame &frame) {
    const auto clamp = [](double value) { return static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); };
    for (size_t i = 0; i + 3 <= frame.bytes.size(); i += 3) {
        uint8_t *pixel = frame.bytes.data() + i;
        const double y = pixel[0], cb = pixel[1] - 128.0, cr = pixel[2] - 128.0;
        pixel[0] = clamp(y + 1.402 * cr);
        pixel[1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
        pixel[2] = clamp(y + 1.772 * cb);
    }
    frame.photometric = "RGB";
}

/// Y Y Cb Cr becomes two whole pixels.
void upsample(DecodedFrame &frame) {
    const size_t pixels = static_cast<size_t>(frame.rows * frame.columns);
    const bool isPairs = frame.bitsAllocated == 8 && frame.samples == 3 && pixels % 2 == 0;
    if (!isPairs || frame.bytes.size() != 2 * pixels) return;
    Bytes whole(3 * pixels);
    for (size_t i = 0; i < pixels; ++i) {
        const uint8_t *group = frame.bytes.data() + i / 2 * 4;
        whole[3 * i] = group[i % 2];
        whole[3 * i + 1] = group[2];
        whole[3 * i + 2] = group[3];
    }
    frame.bytes = std::move(whole);
    frame.photometric = "YBR_FULL";
}

}  // namespace

Compression compressionOf(const std::string &transferSyntax) {
    for (const Syntax &syntax : syntaxes) {
        if (transferSyntax == syntax.uid) return syntax.compression;
    }
    return Compression::unsupported;
}

bool canDecode(Compression compression) { return compression != Compression::unsupported; }

bool isLossy(Compression compression) {
    return compression == Compression::jpegBaseline || compression == Compression::jpegExtended ||
           compression == Compression::jpeg2000;
}

bool canEncode(const ImageDescription &image, const std::string &transferSyntax) {
    const Compression compression = compressionOf(transferSyntax);
    if (compression == Compression::none) return transferSyntax != transfer::explicitBig;
    // One-bit and floating-point pixels move between native syntaxes only.
    if (image.isFloat || image.bitsAllocated < 8 || image.bitsAllocated % 8 != 0 || image.bitsAllocated > 32) {
        return false;
    }
    const bool isColor = image.samples == 3 && image.photometric != "PALETTE COLOR";
    if (image.samples != 1 && !isColor) return false;
    const bool isIndexed = image.photometric == "PALETTE COLOR";
    if (isLossy(compression) && isIndexed) return false;
    const unsigned bits = image.bitsAllocated;
    switch (compression) {
        case Compression::runLength: case Compression::deflatedFrame: return true;
        case Compression::jpegBaseline: return bits == 8 && !image.isSigned;
        case Compression::jpegExtended:
            return !image.isSigned && (bits == 8 || (!isColor && bits == 16 && image.highBit < 12));
        case Compression::jpegLossless: return bits == 8 || (!isColor && bits == 16);
        case Compression::jpegLS: case Compression::jpegLSNear: return bits <= 16;
        case Compression::jpeg2000Lossless: case Compression::jpeg2000: return bits <= 16;
        default: return false;
    }
}

DecodedFrame emptyFrame(const ImageDescription &image, unsigned precision) {
    DecodedFrame frame;
    frame.rows = image.rows;
    frame.columns = image.columns;
    frame.samples = image.samples;
    frame.bitsAllocated = image.bitsAllocated;
    if (precision > frame.bitsAllocated) frame.bitsAllocated = (precision + 7) / 8 * 8;
    if (frame.bitsAllocated == 24) frame.bitsAllocated = 32;
    if (frame.bitsAllocated % 8 != 0 || frame.bitsAllocated > 32) fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    // What fits is described by the file; only a stream wider than the pixels it is for changes that.
    const bool isWider = frame.bitsAllocated != image.bitsAllocated;
    frame.bitsStored = isWider ? precision : image.bitsStored;
    frame.highBit = isWider ? precision - 1 : image.highBit;
    frame.isSigned = image.isSigned;
    frame.photometric = image.photometric;
    const uint64_t total = image.pixelCount() * image.samples * (frame.bitsAllocated / 8);
    if (total == 0) fail(CDCMTK_UNDECODABLE, tags::rows);
    if (total > limits::frameBytesMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
    frame.bytes.resize(static_cast<size_t>(total));
    return frame;
}

void interleave(DecodedFrame &frame) {
    if (!frame.isPlanar || frame.samples < 2) return;
    if (frame.bitsAllocated < 8) fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    const size_t unit = frame.bitsAllocated / 8, samples = frame.samples;
    const size_t pixels = frame.bytes.size() / unit / samples;
    Bytes result(frame.bytes.size());
    for (size_t sample = 0; sample < samples; ++sample) {
        const uint8_t *from = frame.bytes.data() + sample * pixels * unit;
        uint8_t *to = result.data() + sample * unit;
        for (size_t i = 0; i < pixels; ++i) {
            std::memcpy(to + i * samples * unit, from + i * unit, unit);
        }
    }
    frame.bytes = std::move(result);
    frame.isPlanar = false;
}

DecodedFrame decodeEncapsulated(
    const Bytes &encoded, const ImageDescription &image, const std::string &transferSyntax) {
    switch (compressionOf(transferSyntax)) {
        case Compression::jpegBaseline: case Compression::jpegExtended: case Compression::jpegLossless:
        case Compression::jpegOther: return decodeJPEG(encoded, image);
        case Compression::jpegLS: case Compression::jpegLSNear: return decodeJPEGLS(encoded, image);
        case Compression::jpeg2000Lossless: case Compression::jpeg2000: case Compression::highThroughput2000:
            return decodeJPEG2000(encoded, image);
        case Compression::runLength: return decodeRunLength(encoded, image);
        case Compression::deflatedFrame: return decodeDeflatedFrame(encoded, image);
        default: fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::pixels);
    }
}

std::string photometricAfterEncoding(const DecodedFrame &frame, Compression compression) {
    if (frame.photometric != "RGB" || frame.samples != 3) return frame.photometric;
    switch (compression) {
        case Compression::jpegBaseline: case Compression::jpegExtended: return "YBR_FULL_422";
        case Compression::jpeg2000Lossless: return "YBR_RCT";
        case Compression::jpeg2000: return "YBR_ICT";
        default: return frame.photometric;
    }
}

void prepareForEncoding(DecodedFrame &frame, Compression compression) {
    interleave(frame);
    if (frame.photometric == "YBR_FULL_422") upsample(frame);
    const uint64_t whole = frame.rows * frame.columns * frame.samples * (frame.bitsAllocated / 8);
    if (frame.bytes.size() != whole) fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::photometric);
    if (isYBR(frame.photometric) && isLossy(compression) && frame.bitsAllocated == 8) toRGB(frame);
}

Bytes encodeFrame(const DecodedFrame &decoded, const std::string &transferSyntax) {
    const Compression compression = compressionOf(transferSyntax);
    ImageDescription image;
    image.samples = decoded.samples;
    image.bitsAllocated = decoded.bitsAllocated;
    image.bitsStored = decoded.bitsStored;
    image.highBit = decoded.highBit;
    image.isSigned = decoded.isSigned;
    image.isFloat = decoded.isFloat;
    image.photometric = decoded.photometric;
    if (!canEncode(image, transferSyntax)) fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::pixels);
    if (compression == Compression::none) return decoded.bytes;

    DecodedFrame frame = decoded;
    prepareForEncoding(frame, compression);
    switch (compression) {
        case Compression::jpegBaseline: case Compression::jpegExtended: return encodeJPEG(frame, compression, false);
        case Compression::jpegLossless:
            return encodeJPEG(frame, compression, transferSyntax == "1.2.840.10008.1.2.4.70");
        // Near-lossless with an error of nothing: the toolkit offers any other only for pixels it has changed.
        case Compression::jpegLS: case Compression::jpegLSNear: return encodeJPEGLS(frame);
        case Compression::jpeg2000Lossless: return encodeJPEG2000(frame, true);
        case Compression::jpeg2000: return encodeJPEG2000(frame, false);
        case Compression::runLength: return encodeRunLength(frame);
        case Compression::deflatedFrame: return encodeDeflatedFrame(frame);
        default: fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::pixels);
    }
}

void registerCodecs() {
    // Its messages may quote values of the file.
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJLSDecoderRegistration::registerCodecs();
    // Raw: the other way of encoding goes through the toolkit's image classes, which change pixels.
    DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFFalse);
}

}  // namespace collimator
