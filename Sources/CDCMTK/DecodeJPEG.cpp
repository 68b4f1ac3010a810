// JPEG of 8, 12 and 16 bits, by the toolkit's three builds of the IJG library.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>

#include <memory>

#include "Codecs.hpp"
#include "StreamHeaders.hpp"

namespace collimator {

namespace {

const DJCodecParameter &parameters() {
    // Never a workaround by default: both change the pixels of conforming streams.
    static const DJCodecParameter shared(
        ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
    return shared;
}

/// Whether the three components are luminance and colour differences.
///
/// The stream's own word counts first, then subsampling, which RGB never has, then the attribute of the file.
bool holdsYBR(const JPEGHeader &header, const ImageDescription &image) {
    if (header.components != 3 || header.isLossless()) return false;
    if (header.adobeTransform >= 0) return header.adobeTransform == 1;
    if (header.namesRGB) return false;
    return header.isSubsampled || image.photometric.rfind("YBR", 0) == 0;
}

std::unique_ptr<DJDecoder> makeDecoder(unsigned precision, bool isYBR) {
    if (precision <= 8) return std::make_unique<DJDecompressIJG8Bit>(parameters(), isYBR);
    if (precision <= 12) return std::make_unique<DJDecompressIJG12Bit>(parameters(), isYBR);
    return std::make_unique<DJDecompressIJG16Bit>(parameters(), isYBR);
}

/// Bytes to words, for files that keep 8-bit streams for 16-bit pixels.
void widen(DecodedFrame &frame) {
    Bytes wide(frame.bytes.size() * 2);
    for (size_t i = 0; i < frame.bytes.size(); ++i) wide[2 * i] = frame.bytes[i];
    frame.bytes = std::move(wide);
}

}  // namespace

DecodedFrame decodeJPEG(const Bytes &encoded, const ImageDescription &image) {
    const JPEGHeader header = readJPEGHeader(encoded);
    const bool fits = header.rows == image.rows && header.columns == image.columns &&
                      header.components == image.samples && header.precision >= 2 && header.precision <= 16;
    if (!fits || header.process == 0xF7) fail(CDCMTK_UNDECODABLE, tags::pixels);

    DecodedFrame frame = emptyFrame(image, header.precision);
    const unsigned wanted = frame.bitsAllocated;
    const unsigned native = header.precision <= 8 ? 8 : 16;
    if (wanted > 16) fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    const bool isYBR = holdsYBR(header, image);
    const auto decoder = makeDecoder(header.precision, isYBR);
    frame.bytes.resize(static_cast<size_t>(image.pixelCount() * image.samples * (native / 8)));
    Bytes stream = encoded;
    if (decoder->init().bad()) fail(CDCMTK_OUT_OF_MEMORY);
    const OFCondition result =
        decoder->decode(stream.data(), static_cast<Uint32>(stream.size()), frame.bytes.data(),
                        static_cast<Uint32>(frame.bytes.size()), image.isSigned);
    // Running out of data is a condition of its own, not an error, to the library.
    if (result != EC_Normal) fail(CDCMTK_UNDECODABLE, tags::pixels);
    if (native < wanted) widen(frame);
    // Lossy colour is RGB now: it was transformed back, or the stream held it so whatever the file calls it.
    if (header.components == 3 && !header.isLossless()) frame.photometric = "RGB";
    return frame;
}

}  // namespace collimator
