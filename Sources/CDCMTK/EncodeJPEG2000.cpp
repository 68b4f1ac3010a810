#include <algorithm>
#include <cmath>
#include <cstring>

#include "JPEG2000Memory.hpp"

namespace collimator {

namespace {

constexpr auto noMore = static_cast<OPJ_SIZE_T>(-1);
/// The error of a lossy frame, as a share of the range that its values span.
constexpr double lossyError = 1.0 / 400;

OPJ_SIZE_T readSome(void *to, OPJ_SIZE_T count, void *user) {
    auto *memory = static_cast<MemoryReader *>(user);
    const size_t left = memory->count - memory->position;
    if (left == 0) return noMore;
    const size_t taken = std::min<size_t>(count, left);
    std::memcpy(to, memory->bytes + memory->position, taken);
    memory->position += taken;
    return taken;
}

OPJ_OFF_T skipRead(OPJ_OFF_T count, void *user) {
    auto *memory = static_cast<MemoryReader *>(user);
    if (count < 0) return -1;
    const size_t taken = std::min(static_cast<size_t>(count), memory->count - memory->position);
    memory->position += taken;
    return static_cast<OPJ_OFF_T>(taken);
}

OPJ_BOOL seekRead(OPJ_OFF_T position, void *user) {
    auto *memory = static_cast<MemoryReader *>(user);
    if (position < 0 || static_cast<size_t>(position) > memory->count) return OPJ_FALSE;
    memory->position = static_cast<size_t>(position);
    return OPJ_TRUE;
}

/// Exceptions must not pass through the C library.
bool grow(MemoryWriter &memory, size_t size) {
    try {
        if (size > memory.bytes.size()) memory.bytes.resize(size);
        return true;
    } catch (...) {
        return false;
    }
}

OPJ_SIZE_T writeSome(void *from, OPJ_SIZE_T count, void *user) {
    auto *memory = static_cast<MemoryWriter *>(user);
    if (!grow(*memory, memory->position + count)) return noMore;
    std::memcpy(memory->bytes.data() + memory->position, from, count);
    memory->position += count;
    return count;
}

OPJ_OFF_T skipWrite(OPJ_OFF_T count, void *user) {
    auto *memory = static_cast<MemoryWriter *>(user);
    if (count < 0 || !grow(*memory, memory->position + static_cast<size_t>(count))) return -1;
    memory->position += static_cast<size_t>(count);
    return count;
}

OPJ_BOOL seekWrite(OPJ_OFF_T position, void *user) {
    auto *memory = static_cast<MemoryWriter *>(user);
    if (position < 0 || !grow(*memory, static_cast<size_t>(position))) return OPJ_FALSE;
    memory->position = static_cast<size_t>(position);
    return OPJ_TRUE;
}

/// One value of the frame, its sign extended.
int32_t valueAt(const uint8_t *from, const DecodedFrame &frame) {
    const uint32_t raw = frame.bitsAllocated == 8 ? *from : load16(from, false);
    if (!frame.isSigned) return static_cast<int32_t>(raw);
    return frame.bitsAllocated == 8 ? static_cast<int8_t>(raw) : static_cast<int16_t>(raw);
}

struct Extent {
    int32_t low = INT32_MAX, high = INT32_MIN;
};

Extent extentOf(const DecodedFrame &frame) {
    Extent extent;
    for (size_t i = 0; i < frame.bytes.size(); i += frame.bitsAllocated / 8) {
        const int32_t value = valueAt(frame.bytes.data() + i, frame);
        extent.low = std::min(extent.low, value);
        extent.high = std::max(extent.high, value);
    }
    return extent;
}

/// The stored bits where all values are within them, else the allocated ones (PS3.5 §8.2.4).
unsigned precisionOf(const DecodedFrame &frame, Extent extent) {
    const int64_t half = int64_t{1} << (frame.bitsStored - 1);
    const bool fits = frame.isSigned ? extent.low >= -half && extent.high < half : extent.high < 2 * half;
    return fits ? frame.bitsStored : frame.bitsAllocated;
}

ImagePointer makeImage(const DecodedFrame &frame, unsigned precision) {
    opj_image_cmptparm_t shapes[4] = {};
    for (size_t i = 0; i < frame.samples; ++i) {
        shapes[i].dx = shapes[i].dy = 1;
        shapes[i].w = static_cast<OPJ_UINT32>(frame.columns);
        shapes[i].h = static_cast<OPJ_UINT32>(frame.rows);
        shapes[i].prec = precision;
        shapes[i].sgnd = frame.isSigned ? 1 : 0;
    }
    const OPJ_COLOR_SPACE space = frame.samples == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY;
    ImagePointer image(opj_image_create(static_cast<OPJ_UINT32>(frame.samples), shapes, space));
    if (!image) fail(CDCMTK_OUT_OF_MEMORY);
    image->x1 = static_cast<OPJ_UINT32>(frame.columns);
    image->y1 = static_cast<OPJ_UINT32>(frame.rows);

    const size_t unit = frame.bitsAllocated / 8, count = static_cast<size_t>(frame.rows * frame.columns);
    for (size_t sample = 0; sample < frame.samples; ++sample) {
        const uint8_t *from = frame.bytes.data() + sample * unit;
        for (size_t i = 0; i < count; ++i, from += unit * frame.samples) {
            image->comps[sample].data[i] = valueAt(from, frame);
        }
    }
    return image;
}

/// The signal-to-noise ratio, counted from the top of the precision as the library does, that keeps the error small
/// against the range in use.
float noiseRatio(unsigned precision, Extent extent) {
    const double range = std::max(1.0, static_cast<double>(extent.high) - extent.low);
    const double peak = std::ldexp(1.0, static_cast<int>(precision)) - 1;
    return static_cast<float>(20 * std::log10(peak / (range * lossyError)));
}

}  // namespace

StreamPointer readingStream(MemoryReader &memory) {
    StreamPointer stream(opj_stream_create(std::clamp<size_t>(memory.count, 1024, 1 << 20), OPJ_TRUE));
    if (!stream) fail(CDCMTK_OUT_OF_MEMORY);
    opj_stream_set_user_data(stream.get(), &memory, nullptr);
    opj_stream_set_user_data_length(stream.get(), memory.count);
    opj_stream_set_read_function(stream.get(), readSome);
    opj_stream_set_skip_function(stream.get(), skipRead);
    opj_stream_set_seek_function(stream.get(), seekRead);
    return stream;
}

StreamPointer writingStream(MemoryWriter &memory) {
    StreamPointer stream(opj_stream_create(1 << 20, OPJ_FALSE));
    if (!stream) fail(CDCMTK_OUT_OF_MEMORY);
    opj_stream_set_user_data(stream.get(), &memory, nullptr);
    opj_stream_set_write_function(stream.get(), writeSome);
    opj_stream_set_skip_function(stream.get(), skipWrite);
    opj_stream_set_seek_function(stream.get(), seekWrite);
    return stream;
}

Bytes encodeJPEG2000(const DecodedFrame &frame, bool isLossless) {
    const Extent extent = extentOf(frame);
    const unsigned precision = precisionOf(frame, extent);
    const ImagePointer image = makeImage(frame, precision);
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = isLossless ? 1 : 0;
    parameters.cp_fixed_quality = isLossless ? 0 : 1;
    parameters.tcp_rates[0] = 0;
    if (!isLossless) parameters.tcp_distoratio[0] = noiseRatio(precision, extent);
    parameters.irreversible = isLossless ? 0 : 1;
    parameters.tcp_mct = frame.samples == 3 && frame.photometric == "RGB" ? 1 : 0;
    // Each decomposition halves the picture; a tiny one bears few.
    const uint64_t shorter = std::min(frame.rows, frame.columns);
    while (parameters.numresolution > 1 && shorter < uint64_t{1} << (parameters.numresolution - 1)) {
        --parameters.numresolution;
    }
    MemoryWriter memory;
    const StreamPointer stream = writingStream(memory);
    const CodecPointer codec(opj_create_compress(OPJ_CODEC_J2K));
    if (!codec) fail(CDCMTK_OUT_OF_MEMORY);
    const bool isDone = opj_setup_encoder(codec.get(), &parameters, image.get()) &&
                        opj_start_compress(codec.get(), image.get(), stream.get()) &&
                        opj_encode(codec.get(), stream.get()) && opj_end_compress(codec.get(), stream.get());
    if (!isDone) fail(CDCMTK_UNDECODABLE, tags::pixels);
    return std::move(memory.bytes);
}

}  // namespace collimator
