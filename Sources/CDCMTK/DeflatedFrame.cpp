// Deflated image frames (PS3.5 §A.4.13): each frame is one raw deflate stream.
#include <zlib.h>

#include "Codecs.hpp"

namespace collimator {

DecodedFrame decodeDeflatedFrame(const Bytes &encoded, const ImageDescription &image) {
    DecodedFrame frame = emptyFrame(image, image.bitsStored);
    frame.isPlanar = image.isPlanar;
    z_stream stream{};
    stream.next_in = const_cast<Bytef *>(encoded.data());
    stream.avail_in = static_cast<uInt>(encoded.size());
    stream.next_out = frame.bytes.data();
    stream.avail_out = static_cast<uInt>(frame.bytes.size());
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail(CDCMTK_OUT_OF_MEMORY);
    inflate(&stream, Z_FINISH);
    const bool isWhole = stream.avail_out == 0;
    inflateEnd(&stream);
    if (!isWhole) fail(CDCMTK_UNDECODABLE, tags::pixels);
    return frame;
}

Bytes encodeDeflatedFrame(const DecodedFrame &frame) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        fail(CDCMTK_OUT_OF_MEMORY);
    }
    Bytes out;
    try {
        out.resize(deflateBound(&stream, static_cast<uLong>(frame.bytes.size())));
    } catch (...) {
        deflateEnd(&stream);
        throw;
    }
    stream.next_in = const_cast<Bytef *>(frame.bytes.data());
    stream.avail_in = static_cast<uInt>(frame.bytes.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int status = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (status != Z_STREAM_END) fail(CDCMTK_UNDECODABLE, tags::pixels);
    return out;
}

}  // namespace collimator
