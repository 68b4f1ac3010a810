// OpenJPEG's objects with owners, and its streams over memory.
#pragma once

#include <openjpeg-2.5/openjpeg.h>

#include <memory>

#include "Codecs.hpp"

namespace collimator {

struct StreamDeleter {
    void operator()(opj_stream_t *stream) const { opj_stream_destroy(stream); }
};
struct CodecDeleter {
    void operator()(opj_codec_t *codec) const { opj_destroy_codec(codec); }
};
struct ImageDeleter {
    void operator()(opj_image_t *image) const { opj_image_destroy(image); }
};

// The library's types are void pointers.
using StreamPointer = std::unique_ptr<opj_stream_t, StreamDeleter>;
using CodecPointer = std::unique_ptr<opj_codec_t, CodecDeleter>;
using ImagePointer = std::unique_ptr<opj_image_t, ImageDeleter>;

struct MemoryReader {
    const uint8_t *bytes;
    size_t count;
    size_t position;
};

struct MemoryWriter {
    Bytes bytes;
    size_t position = 0;
};

/// The stream borrows the memory and must not outlive it.
StreamPointer readingStream(MemoryReader &memory);
StreamPointer writingStream(MemoryWriter &memory);

}  // namespace collimator
