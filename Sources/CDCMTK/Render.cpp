#include "Render.hpp"

#include <algorithm>
#include <cmath>

#include "RenderParts.hpp"

namespace collimator {

namespace {

/// Values of one frame as the file's grey scale has them.
class GrayRenderer {
   public:
    GrayRenderer(const DecodedFrame &frame, GrayTransform transform)
        : frame_(frame), transform_(std::move(transform)), samples_(frame) {}

    Bytes run() {
        requireWhole(frame_, 1);
        const size_t count = static_cast<size_t>(frame_.rows * frame_.columns);
        Bytes out(count);
        if (frame_.isFloat || frame_.bitsAllocated > 16) {
            if (transform_.needsRange()) findRange(count);
            for (size_t i = 0; i < count; ++i) out[i] = transform_.apply(samples_.at(i));
            return out;
        }
        if (transform_.needsRange()) findRange(count);
        const uint8_t *bytes = frame_.bytes.data();
        if (frame_.bitsAllocated == 8) {
            translate(out, [bytes](size_t i) { return bytes[i]; });
        } else if (frame_.bitsAllocated == 16) {
            translate(out, [bytes](size_t i) { return load16(bytes + 2 * i, false); });
        } else if (frame_.bitsAllocated == 1) {
            translate(out, [bytes](size_t i) { return bytes[i / 8] >> i % 8 & 1; });
        } else {
            fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
        }
        return out;
    }

   private:
    /// At most 65,536 different values: each that occurs is transformed once.
    template <typename RawAt>
    void translate(Bytes &out, RawAt rawAt) const {
        constexpr uint16_t unknown = 256;
        std::vector<uint16_t> table(size_t{1} << frame_.bitsAllocated, unknown);
        for (size_t i = 0; i < out.size(); ++i) {
            const auto raw = static_cast<size_t>(rawAt(i));
            if (table[raw] == unknown) table[raw] = transform_.apply(samples_.fromRaw(raw));
            out[i] = static_cast<uint8_t>(table[raw]);
        }
    }

    void findRange(size_t count) {
        if (frame_.bitsAllocated == 1) return transform_.setRange(0, 1);
        double low = INFINITY, high = -INFINITY;
        const auto consider = [&](double stored) {
            if (!std::isfinite(stored) || transform_.isPadding(stored)) return;
            const double value = transform_.modality(stored);
            low = std::min(low, value);
            high = std::max(high, value);
        };
        if (frame_.isFloat || frame_.bitsAllocated > 16) {
            for (size_t i = 0; i < count; ++i) consider(samples_.at(i));
        } else {
            Bytes seen(size_t{1} << frame_.bitsAllocated);
            for (size_t i = 0; i < count; ++i) seen[samples_.rawAt(i)] = 1;
            for (size_t raw = 0; raw < seen.size(); ++raw) {
                if (seen[raw] != 0) consider(samples_.fromRaw(raw));
            }
        }
        if (low > high) low = high = 0;
        transform_.setRange(low, high);
    }

    const DecodedFrame &frame_;
    GrayTransform transform_;
    Samples samples_;
};

/// Rows and columns are those of the frame, and its bytes hold them, unless pixels share their colour.
void checkSize(const DecodedFrame &frame) {
    const uint64_t pixels = frame.rows * frame.columns;
    if (pixels == 0 || frame.samples == 0 || frame.bitsAllocated == 0) fail(CDCMTK_UNDECODABLE, tags::pixels);
    // One-bit pixels become eight times as large and more.
    const uint64_t channels = frame.samples == 3 || frame.photometric == "PALETTE COLOR" ? 3 : 1;
    if (pixels > limits::frameBytesMax / channels) fail(CDCMTK_TOO_LARGE, tags::pixels);
    const bool isSubsampled = frame.samples == 3 && frame.bitsAllocated == 8 &&
                              (frame.photometric == "YBR_FULL_422" || frame.photometric == "YBR_PARTIAL_422");
    if (!isSubsampled) requireWhole(frame, frame.samples);
}

}  // namespace

Picture render(Object &object, uint64_t number) {
    PixelData &pixels = object.pixels();
    DecodedFrame frame = pixels.decode(number);
    Picture picture;
    picture.width = frame.columns;
    picture.height = frame.rows;
    checkSize(frame);

    if (frame.photometric == "PALETTE COLOR" && frame.samples == 1) {
        picture.channels = 3;
        picture.bytes = renderPalette(object, frame);
    } else if (frame.samples == 3) {
        picture.channels = 3;
        picture.bytes = renderColor(std::move(frame));
    } else if (frame.samples == 1) {
        picture.bytes = GrayRenderer(frame, GrayTransform(object, frame, number)).run();
    } else {
        fail(CDCMTK_UNDECODABLE, tags::samplesPerPixel);
    }
    return picture;
}

}  // namespace collimator
