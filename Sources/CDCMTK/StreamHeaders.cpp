#include "StreamHeaders.hpp"

#include <algorithm>
#include <cstring>

namespace collimator {

namespace {

[[noreturn]] void damaged() { fail(CDCMTK_UNDECODABLE, tags::pixels); }

/// More scans than this are no picture but a way to keep the decoder busy.
constexpr unsigned scansMax = 128;

bool isFrameHeader(uint8_t marker) {
    const bool isProcess = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    return isProcess || marker == 0xF7;
}

void readFrameHeader(JPEGHeader &header, uint8_t marker, const uint8_t *body, size_t length) {
    if (length < 6 || length < 6u + 3u * body[5]) damaged();
    header.process = marker;
    header.precision = body[0];
    header.rows = load16(body + 1, true);
    header.columns = load16(body + 3, true);
    header.components = body[5];
    header.namesRGB = header.components == 3 && body[6] == 'R' && body[9] == 'G' && body[12] == 'B';
    for (unsigned i = 1; i < header.components; ++i) {
        if (body[7 + 3 * i] != body[7]) header.isSubsampled = true;
    }
}

}  // namespace

JPEGHeader readJPEGHeader(const Bytes &stream) {
    JPEGHeader header;
    if (stream.size() < 4 || stream[0] != 0xFF || stream[1] != 0xD8) damaged();
    unsigned scans = 0;
    for (size_t i = 2; i + 4 <= stream.size();) {
        if (stream[i] != 0xFF || stream[i + 1] == 0xFF) {
            ++i;
            continue;
        }
        const uint8_t marker = stream[i + 1];
        const bool standsAlone = marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD9);
        if (standsAlone) {
            if (marker == 0xD9) break;
            i += 2;
            continue;
        }
        const size_t length = load16(stream.data() + i + 2, true);
        // Within entropy-coded data of JPEG-LS such a length means nothing: only headers are checked.
        if (scans > 0 && (length < 2 || length > stream.size() - i - 2)) {
            i += 2;
            continue;
        }
        if (length < 2 || length > stream.size() - i - 2) damaged();
        const uint8_t *body = stream.data() + i + 4;
        if (isFrameHeader(marker) && header.process == 0) readFrameHeader(header, marker, body, length - 2);
        if (marker == 0xEE && length >= 14 && std::memcmp(body, "Adobe", 5) == 0) header.adobeTransform = body[11];
        if (marker == 0xDA && ++scans > scansMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
        i += 2 + length;
    }
    if (header.process == 0 || scans == 0) damaged();
    return header;
}

size_t findCodestream(const Bytes &stream) {
    if (stream.size() < 12) damaged();
    if (load16(stream.data(), true) == 0xFF4F) return 0;
    for (size_t i = 0; i + 8 <= stream.size();) {
        const uint64_t stated = load32(stream.data() + i, true);
        const bool isCodestream = std::memcmp(stream.data() + i + 4, "jp2c", 4) == 0;
        if (isCodestream) return i + (stated == 1 ? 16 : 8);
        if (stated < 8 || stated > stream.size() - i) break;
        i += static_cast<size_t>(stated);
    }
    damaged();
}

JPEG2000Header readJPEG2000Header(const Bytes &stream, size_t start) {
    // SOC, SIZ and its length, then the capabilities.
    constexpr size_t fixedBytes = 42;
    if (start > stream.size() || stream.size() - start < fixedBytes + 3) damaged();
    const uint8_t *p = stream.data() + start;
    if (load32(p, true) != 0xFF4FFF51) damaged();
    JPEG2000Header header;
    const uint64_t right = load32(p + 8, true), bottom = load32(p + 12, true);
    const uint64_t left = load32(p + 16, true), top = load32(p + 20, true);
    if (right <= left || bottom <= top) damaged();
    header.columns = right - left;
    header.rows = bottom - top;
    header.components = load16(p + 40, true);
    header.precision = (p[42] & 0x7Fu) + 1;
    header.isSigned = (p[42] & 0x80) != 0;

    for (size_t i = start + 2; i + 4 <= stream.size();) {
        const uint16_t marker = load16(stream.data() + i, true);
        const size_t length = load16(stream.data() + i + 2, true);
        // Tiles follow the main header.
        if (marker == 0xFF90 || length < 2 || length > stream.size() - i - 2) break;
        if (marker == 0xFF52 && length >= 7) header.hasColorTransform = stream[i + 8] == 1;
        i += 2 + length;
    }
    return header;
}

}  // namespace collimator
