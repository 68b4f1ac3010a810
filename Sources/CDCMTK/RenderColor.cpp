#include <algorithm>
#include <cmath>

#include "Codecs.hpp"
#include "RenderParts.hpp"

namespace collimator {

namespace {

/// Not-a-number becomes 0.
uint8_t clamped(double value) { return value > 0 ? static_cast<uint8_t>(std::min(value + 0.5, 255.0)) : uint8_t{0}; }

/// Colour differences to RGB (PS3.3 §C.7.6.3.1.2): full range, or that of video.
void putRGB(uint8_t *to, double y, double cb, double cr, bool isPartial) {
    cb -= 128;
    cr -= 128;
    if (isPartial) {
        y = 1.1644 * (y - 16);
        to[0] = clamped(y + 1.5960 * cr);
        to[1] = clamped(y - 0.3917 * cb - 0.8130 * cr);
        to[2] = clamped(y + 2.0173 * cb);
        return;
    }
    to[0] = clamped(y + 1.402 * cr);
    to[1] = clamped(y - 0.344136 * cb - 0.714136 * cr);
    to[2] = clamped(y + 1.772 * cb);
}

/// Two pixels in four bytes: Y Y Cb Cr.
Bytes fromSubsampled(const DecodedFrame &frame, bool isPartial) {
    const size_t pixels = static_cast<size_t>(frame.rows * frame.columns);
    if (frame.bitsAllocated != 8 || frame.bytes.size() < pixels * 2) fail(CDCMTK_UNDECODABLE, tags::photometric);
    Bytes out(pixels * 3);
    for (size_t i = 0; i + 1 < pixels; i += 2) {
        const uint8_t *group = frame.bytes.data() + 2 * i;
        putRGB(&out[3 * i], group[0], group[2], group[3], isPartial);
        putRGB(&out[3 * i + 3], group[1], group[2], group[3], isPartial);
    }
    return out;
}

/// The palette of one colour (PS3.3 §C.7.9), plain or segmented, brought to 8 bits.
struct Palette {
    double firstMapped = 0;
    std::vector<uint16_t> entries;
    bool isWide = false;

    uint8_t at(double value) const {
        const uint16_t entry = entries[tableIndex(value - firstMapped, entries.size())];
        return static_cast<uint8_t>(isWide ? entry >> 8 : entry);
    }
};

/// Discrete, linear and indirect segments (PS3.3 §C.7.9.2).
class SegmentReader {
   public:
    SegmentReader(const std::vector<uint16_t> &codes, size_t wanted, bool isNarrow)
        : codes_(codes), wanted_(wanted), isNarrow_(isNarrow) {}

    std::vector<uint16_t> read() {
        for (size_t i = 0; i + 1 < codes_.size() && out_.size() < wanted_;) {
            countSegment();
            starts_.push_back(i);
            i = codes_[i] == 2 ? copySegments(i) : plainSegment(i);
        }
        out_.resize(std::min(out_.size(), wanted_));
        return std::move(out_);
    }

   private:
    /// However segments repeat each other, only so many are looked at.
    void countSegment() {
        if (++executed_ > limits::paletteSegmentsMax) fail(CDCMTK_TOO_LARGE, 0x00281221);
    }

    size_t plainSegment(size_t i) {
        const uint16_t code = codes_[i], count = codes_[i + 1];
        if (count == 0) fail(CDCMTK_UNDECODABLE, 0x00281221);
        if (code == 0) {
            const size_t end = std::min(codes_.size(), i + 2 + count);
            out_.insert(out_.end(), codes_.begin() + static_cast<ptrdiff_t>(i + 2),
                        codes_.begin() + static_cast<ptrdiff_t>(end));
            return end;
        }
        if (code != 1 || i + 2 >= codes_.size()) fail(CDCMTK_UNDECODABLE, 0x00281221);
        const double from = out_.empty() ? 0 : out_.back(), to = codes_[i + 2];
        for (unsigned step = 1; step <= count && out_.size() < wanted_; ++step) {
            out_.push_back(static_cast<uint16_t>(std::lround(from + (to - from) * step / count)));
        }
        return i + 3;
    }

    /// Repeats earlier segments, whose byte position is given in two words; repeated ones may not repeat others.
    size_t copySegments(size_t i) {
        if (i + 3 >= codes_.size()) fail(CDCMTK_UNDECODABLE, 0x00281221);
        const size_t bytes = isNarrow_ ? codes_[i + 2] | codes_[i + 3] << 8 : 0;
        const size_t position = isNarrow_ ? bytes : (codes_[i + 2] | size_t{codes_[i + 3]} << 16) / 2;
        const auto found = std::lower_bound(starts_.begin(), starts_.end(), position);
        if (found == starts_.end() || *found != position) fail(CDCMTK_UNDECODABLE, 0x00281221);
        auto at = static_cast<size_t>(found - starts_.begin());
        for (unsigned n = 0; n < codes_[i + 1] && at < starts_.size() && out_.size() < wanted_; ++n, ++at) {
            countSegment();
            if (codes_[starts_[at]] != 2) plainSegment(starts_[at]);
        }
        return i + 4;
    }

    const std::vector<uint16_t> &codes_;
    size_t wanted_;
    bool isNarrow_;
    size_t executed_ = 0;
    /// Ascending.
    std::vector<size_t> starts_;
    std::vector<uint16_t> out_;
};

std::vector<uint16_t> words(const Object &object, const Node &node, bool isNarrow) {
    const uint64_t most = 4 * limits::paletteEntriesMax;
    const Bytes raw = object.source.bytes(node.offset, std::min(node.length, most));
    if (isNarrow) return {raw.begin(), raw.end()};
    std::vector<uint16_t> result;
    for (size_t i = 0; i + 2 <= raw.size(); i += 2) result.push_back(load16(raw.data() + i, node.isBigEndian));
    return result;
}

Palette readPalette(const Object &object, Tag color, bool isSigned) {
    const Index &index = object.index;
    const auto descriptor = index.findTop(0x00281100 | color);
    LookupTable shape;
    if (!descriptor || !readDescriptor(object, index[*descriptor], shape, isSigned)) {
        fail(CDCMTK_UNDECODABLE, 0x00281100 | color);
    }
    const size_t wanted = shape.wanted;

    Palette palette;
    palette.firstMapped = shape.firstMapped;
    const bool saysNarrow = shape.bits <= 8;
    if (const auto data = index.findTop(0x00281200 | color); data && index[*data].length > 0) {
        // 8-bit entries may still be kept one to a word.
        const bool isNarrow = saysNarrow && index[*data].length < 2 * wanted;
        palette.entries = words(object, index[*data], isNarrow);
        palette.entries.resize(std::min(palette.entries.size(), wanted));
    } else if (const auto segmented = index.findTop(0x00281220 | color)) {
        const std::vector<uint16_t> codes = words(object, index[*segmented], saysNarrow);
        palette.entries = SegmentReader(codes, wanted, saysNarrow).read();
    }
    if (palette.entries.empty()) fail(CDCMTK_UNDECODABLE, 0x00281200 | color);
    // Some writers say 16 bits and use 8.
    palette.isWide = std::any_of(palette.entries.begin(), palette.entries.end(), [](uint16_t e) { return e > 255; });
    return palette;
}

}  // namespace

Bytes renderPalette(const Object &object, const DecodedFrame &frame) {
    // An index is a whole number.
    if (frame.isFloat) fail(CDCMTK_UNDECODABLE, tags::photometric);
    requireWhole(frame, 1);
    Palette palettes[] = {readPalette(object, 1, frame.isSigned), readPalette(object, 2, frame.isSigned),
                          readPalette(object, 3, frame.isSigned)};
    const bool isWide = palettes[0].isWide || palettes[1].isWide || palettes[2].isWide;
    for (Palette &palette : palettes) palette.isWide = isWide;
    const Samples samples(frame);
    const size_t pixels = static_cast<size_t>(frame.rows * frame.columns);
    Bytes out(pixels * 3);
    for (size_t i = 0; i < pixels; ++i) {
        const double value = samples.at(i);
        for (size_t color = 0; color < 3; ++color) out[3 * i + color] = palettes[color].at(value);
    }
    return out;
}

Bytes renderColor(DecodedFrame frame) {
    const bool isPartial = frame.photometric.rfind("YBR_PARTIAL", 0) == 0;
    const size_t pixels = static_cast<size_t>(frame.rows * frame.columns);
    const bool isSubsampled = frame.photometric == "YBR_FULL_422" || frame.photometric == "YBR_PARTIAL_422";
    if (isSubsampled && frame.bytes.size() < pixels * 3) return fromSubsampled(frame, isPartial);
    if (frame.bitsAllocated < 8) fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    requireWhole(frame, frame.samples);
    interleave(frame);
    const bool isYBR = frame.photometric == "YBR_FULL" || isSubsampled || isPartial;
    if (!isYBR && frame.bitsAllocated == 8 && frame.samples == 3 && frame.bitsStored == 8) return std::move(frame.bytes);

    const Samples samples(frame);
    const double top = std::ldexp(1.0, static_cast<int>(frame.bitsStored)) - 1;
    Bytes out(pixels * 3);
    for (size_t i = 0; i < pixels; ++i) {
        double values[3];
        for (size_t color = 0; color < 3; ++color) {
            values[color] = std::max(0.0, samples.at(i * frame.samples + color));
            if (frame.bitsStored != 8) values[color] = values[color] * 255 / top;
        }
        if (isYBR) {
            putRGB(&out[3 * i], values[0], values[1], values[2], isPartial);
        } else {
            for (size_t color = 0; color < 3; ++color) out[3 * i + color] = clamped(values[color]);
        }
    }
    return out;
}

}  // namespace collimator
