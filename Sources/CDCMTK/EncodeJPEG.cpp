// JPEG baseline, extended and lossless, by the toolkit's builds of the IJG library.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djeijg12.h>
#include <dcmtk/dcmjpeg/djeijg16.h>
#include <dcmtk/dcmjpeg/djeijg8.h>

#include <algorithm>
#include <memory>

#include "Codecs.hpp"

namespace collimator {

namespace {

constexpr Uint8 quality = 90;
/// The predictor of process 14 without "first order": the mean of the neighbours does well on most pictures.
constexpr int usualPredictor = 7;

const DJCodecParameter &parameters() {
    static const DJCodecParameter shared(
        ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never, EPC_colorByPixel, OFFalse, OFFalse, OFFalse, OFTrue,
        0, 0, 0, OFTrue, ESS_422);
    return shared;
}

std::unique_ptr<DJEncoder> makeEncoder(Compression compression, unsigned bits, int predictor) {
    if (compression == Compression::jpegLossless) {
        if (bits <= 8) return std::make_unique<DJCompressIJG8Bit>(parameters(), EJM_lossless, predictor, 0);
        if (bits <= 12) return std::make_unique<DJCompressIJG12Bit>(parameters(), EJM_lossless, predictor, 0);
        return std::make_unique<DJCompressIJG16Bit>(parameters(), EJM_lossless, predictor, 0);
    }
    if (compression == Compression::jpegBaseline) {
        return std::make_unique<DJCompressIJG8Bit>(parameters(), EJM_baseline, quality);
    }
    if (bits <= 8) return std::make_unique<DJCompressIJG8Bit>(parameters(), EJM_sequential, quality);
    return std::make_unique<DJCompressIJG12Bit>(parameters(), EJM_sequential, quality);
}

EP_Interpretation interpretation(const DecodedFrame &frame) {
    if (frame.samples == 1) return EPI_Monochrome2;
    return frame.photometric == "RGB" ? EPI_RGB : EPI_YBR_Full;
}

}  // namespace

Bytes encodeJPEG(const DecodedFrame &frame, Compression compression, bool usesFirstPredictor) {
    const auto rows = static_cast<Uint16>(frame.rows), columns = static_cast<Uint16>(frame.columns);
    const auto samples = static_cast<Uint16>(frame.samples);
    Bytes narrow = frame.bytes;
    std::vector<Uint16> wide;
    unsigned bits = 8;
    if (frame.bitsAllocated > 8) {
        wide.resize(frame.bytes.size() / 2);
        const bool isExtended = compression == Compression::jpegExtended;
        if (isExtended && frame.highBit >= 12) fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::highBit);
        // Bits above the stored ones, such as a sign, are kept where all 16 bits come back.
        const auto mask = static_cast<Uint16>(isExtended ? (1u << (frame.highBit + 1)) - 1 : 0xFFFF);
        for (size_t i = 0; i < wide.size(); ++i) wide[i] = load16(frame.bytes.data() + 2 * i, false) & mask;
        const Uint16 largest = wide.empty() ? Uint16{0} : *std::max_element(wide.begin(), wide.end());
        bits = largest > 4095 ? 16 : 12;
    }
    const auto encoder = makeEncoder(compression, bits, usesFirstPredictor ? 1 : usualPredictor);
    Uint8 *encoded = nullptr;
    Uint32 length = 0;
    const OFCondition result =
        bits == 8 ? encoder->encode(columns, rows, interpretation(frame), samples, narrow.data(), encoded, length)
                  : encoder->encode(columns, rows, interpretation(frame), samples, wide.data(), encoded, length);
    const std::unique_ptr<Uint8[]> owner(encoded);
    if (result.bad() || encoded == nullptr) fail(CDCMTK_UNDECODABLE, tags::pixels);
    return {encoded, encoded + length};
}

}  // namespace collimator
