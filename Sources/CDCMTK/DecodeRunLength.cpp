// RLE (PS3.5 Annex G): one PackBits segment for each byte of each sample, most significant first.
#include <algorithm>
#include <cstring>

#include "Codecs.hpp"

namespace collimator {

namespace {

constexpr size_t headerBytes = 64;

/// Unpacks one segment into every `step`th byte.
void unpack(const uint8_t *from, const uint8_t *end, uint8_t *to, size_t step, size_t count) {
    size_t done = 0;
    while (done < count) {
        if (from == end) fail(CDCMTK_UNDECODABLE, tags::pixels);
        const auto control = static_cast<int8_t>(*from++);
        if (control == -128) continue;
        if (control >= 0) {
            const auto literal = static_cast<size_t>(control) + 1;
            if (static_cast<size_t>(end - from) < literal) fail(CDCMTK_UNDECODABLE, tags::pixels);
            for (size_t i = 0; i < literal && done < count; ++i, ++done) to[done * step] = from[i];
            from += literal;
            continue;
        }
        if (from == end) fail(CDCMTK_UNDECODABLE, tags::pixels);
        const uint8_t value = *from++;
        for (int i = 0; i < 1 - control && done < count; ++i, ++done) to[done * step] = value;
    }
}

/// Packs one row; runs do not cross rows.
void packRow(Bytes &out, const uint8_t *row, size_t count, size_t step) {
    const auto runAt = [&](size_t at) {
        size_t length = 1;
        while (at + length < count && length < 128 && row[(at + length) * step] == row[at * step]) ++length;
        return length;
    };
    for (size_t i = 0; i < count;) {
        const size_t run = runAt(i);
        if (run >= 2) {
            out.push_back(static_cast<uint8_t>(257 - run));
            out.push_back(row[i * step]);
            i += run;
            continue;
        }
        size_t literal = 1;
        while (i + literal < count && literal < 128 && runAt(i + literal) < 3) ++literal;
        out.push_back(static_cast<uint8_t>(literal - 1));
        for (size_t k = 0; k < literal; ++k) out.push_back(row[(i + k) * step]);
        i += literal;
    }
}

}  // namespace

DecodedFrame decodeRunLength(const Bytes &encoded, const ImageDescription &image) {
    DecodedFrame frame = emptyFrame(image, image.bitsStored);
    const size_t unit = frame.bitsAllocated / 8, samples = frame.samples;
    if (encoded.size() < headerBytes) fail(CDCMTK_UNDECODABLE, tags::pixels);
    const size_t segments = load32(encoded.data(), false);
    if (segments != unit * samples || segments > 15) fail(CDCMTK_UNDECODABLE, tags::pixels);

    const size_t pixels = static_cast<size_t>(frame.rows * frame.columns);
    for (size_t segment = 0; segment < segments; ++segment) {
        const size_t start = load32(encoded.data() + 4 + 4 * segment, false);
        const size_t next = segment + 1 < segments ? load32(encoded.data() + 8 + 4 * segment, false) : encoded.size();
        if (start < headerBytes || start > encoded.size()) fail(CDCMTK_UNDECODABLE, tags::pixels);
        // The next segment's start is a hint only: some writers leave it unset.
        const size_t end = next > start && next <= encoded.size() ? next : encoded.size();
        const size_t sample = segment / unit, byte = unit - 1 - segment % unit;
        uint8_t *to = frame.bytes.data() + sample * unit + byte;
        unpack(encoded.data() + start, encoded.data() + end, to, samples * unit, pixels);
    }
    return frame;
}

Bytes encodeRunLength(const DecodedFrame &frame) {
    const size_t unit = frame.bitsAllocated / 8, samples = frame.samples, segments = unit * samples;
    Bytes out(headerBytes);
    const auto put = [&](size_t at, size_t value) {
        for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<uint8_t>(value >> 8 * i);
    };
    put(0, segments);
    for (size_t segment = 0; segment < segments; ++segment) {
        put(4 + 4 * segment, out.size());
        const size_t offset = segment / unit * unit + (unit - 1 - segment % unit);
        const size_t rowBytes = static_cast<size_t>(frame.columns) * segments;
        for (size_t row = 0; row < frame.rows; ++row) {
            packRow(out, frame.bytes.data() + row * rowBytes + offset, static_cast<size_t>(frame.columns), segments);
        }
        if (out.size() % 2 != 0) out.push_back(0);
    }
    return out;
}

}  // namespace collimator
