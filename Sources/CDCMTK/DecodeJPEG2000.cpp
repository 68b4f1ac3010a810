// JPEG 2000 and its high-throughput form, by OpenJPEG, from and to memory.
#include "JPEG2000Memory.hpp"
#include "StreamHeaders.hpp"

#include <algorithm>
#include <cstring>

namespace collimator {

namespace {

/// Puts one component's samples, in the image's width, where the frame has them by pixel.
void copyComponent(DecodedFrame &frame, const opj_image_comp_t &component, size_t number, bool extendsSign) {
    const size_t unit = frame.bitsAllocated / 8, step = unit * frame.samples;
    const size_t count = static_cast<size_t>(frame.rows * frame.columns);
    uint8_t *to = frame.bytes.data() + number * unit;
    const unsigned spare = 32 - std::min<unsigned>(component.prec, 32);
    for (size_t i = 0; i < count; ++i, to += step) {
        auto value = static_cast<uint32_t>(component.data[i]);
        // Some writers leave the sign out of the stream: the bits are right, their meaning is in the file.
        if (extendsSign && spare < 32) value = static_cast<uint32_t>(static_cast<int32_t>(value << spare) >> spare);
        for (size_t byte = 0; byte < unit; ++byte) to[byte] = static_cast<uint8_t>(value >> 8 * byte);
    }
}

void checkComponents(const opj_image_t &image, const DecodedFrame &frame) {
    if (image.numcomps != frame.samples) fail(CDCMTK_UNDECODABLE, tags::pixels);
    for (unsigned i = 0; i < image.numcomps; ++i) {
        const opj_image_comp_t &component = image.comps[i];
        const bool isWhole = component.w == frame.columns && component.h == frame.rows && component.data != nullptr;
        if (!isWhole || component.prec > 32) fail(CDCMTK_UNDECODABLE, tags::pixels);
    }
}

}  // namespace

DecodedFrame decodeJPEG2000(const Bytes &encoded, const ImageDescription &image) {
    const size_t start = findCodestream(encoded);
    const JPEG2000Header header = readJPEG2000Header(encoded, start);
    const bool fits = header.rows == image.rows && header.columns == image.columns &&
                      header.components == image.samples && image.samples <= 4;
    if (!fits) fail(CDCMTK_UNDECODABLE, tags::pixels);

    DecodedFrame frame = emptyFrame(image, header.precision);
    MemoryReader memory{encoded.data() + start, encoded.size() - start, 0};
    const StreamPointer stream = readingStream(memory);
    const CodecPointer codec(opj_create_decompress(OPJ_CODEC_J2K));
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!codec || !stream || !opj_setup_decoder(codec.get(), &parameters)) fail(CDCMTK_OUT_OF_MEMORY);

    opj_image_t *read = nullptr;
    const bool hasHeader = opj_read_header(stream.get(), codec.get(), &read);
    const ImagePointer picture(read);
    if (!hasHeader || !picture || picture->numcomps != image.samples) fail(CDCMTK_UNDECODABLE, tags::pixels);
    const bool isDecoded = opj_decode(codec.get(), stream.get(), picture.get());
    if (!isDecoded) fail(CDCMTK_UNDECODABLE, tags::pixels);
    // A missing end marker is not held against a picture that is whole.
    opj_end_decompress(codec.get(), stream.get());
    checkComponents(*picture, frame);
    for (unsigned i = 0; i < picture->numcomps; ++i) {
        const opj_image_comp_t &component = picture->comps[i];
        const bool extendsSign = image.isSigned && component.sgnd == 0 && component.prec < frame.bitsAllocated;
        copyComponent(frame, component, i, extendsSign);
    }
    if (frame.samples == 3 && image.photometric.rfind("YBR", 0) == 0) {
        // The library has undone the transform; without one the components are what the file calls them.
        frame.photometric = header.hasColorTransform ? "RGB" : "YBR_FULL";
    }
    return frame;
}

}  // namespace collimator
