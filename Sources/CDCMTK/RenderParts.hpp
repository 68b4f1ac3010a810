// The steps of rendering: stored values, grey scale transformations, palettes, colour models.
#pragma once

#include "Object.hpp"

namespace collimator {

/// Fails where a frame has fewer bytes than so many samples of every pixel take.
void requireWhole(const DecodedFrame &frame, uint64_t samples);

/// The stored values of a frame: masked to the stored bits, with their sign.
class Samples {
   public:
    explicit Samples(const DecodedFrame &frame);

    /// The bits of one value as they lie in the frame; for integers up to 32 bits.
    uint32_t rawAt(size_t i) const;
    /// The value that such bits mean.
    double fromRaw(uint64_t raw) const;
    double at(size_t i) const;

   private:
    const DecodedFrame &frame_;
    unsigned shift_;
    uint64_t mask_;
    uint64_t signBit_;
};

/// A lookup table of the file (PS3.3 §C.11.1): modality or VOI.
struct LookupTable {
    double firstMapped = 0;
    /// As many as the descriptor states; there may be fewer.
    size_t wanted = 0;
    std::vector<uint16_t> entries;
    unsigned bits = 16;

    bool isEmpty() const { return entries.empty(); }
    double at(double value) const;
};

/// The nearest index of a table that has entries.
size_t tableIndex(double position, size_t count);
/// Reads the three numbers of a descriptor (PS3.3 §C.11.1.1.1); false where they are none.
bool readDescriptor(const Object &object, const Node &node, LookupTable &table, bool isSignedInput);

/// Stored value to 8-bit grey: modality transformation, then VOI, then the sense of the photometric interpretation.
class GrayTransform {
   public:
    GrayTransform(const Object &object, const DecodedFrame &frame, uint64_t frameNumber);

    /// The file gives neither window nor table: the range of the pixels decides.
    bool needsRange() const { return function_ == Function::range; }
    void setRange(double low, double high) {
        low_ = low;
        high_ = high;
    }
    bool isPadding(double stored) const { return hasPadding_ && stored >= paddingLow_ && stored <= paddingHigh_; }
    double modality(double stored) const;
    uint8_t apply(double stored) const;

   private:
    enum class Function : uint8_t { linear, linearExact, sigmoid, table, range };

    void readModality(const Object &object, Range group);
    bool readWindow(const Object &object, Range group);
    void readPadding(const Object &object);
    double window(double value) const;

    Function function_ = Function::range;
    bool isInverted_;
    bool hasPadding_ = false;
    double paddingLow_ = 0, paddingHigh_ = 0;
    double slope_ = 1, intercept_ = 0;
    double center_ = 0, width_ = 1;
    double low_ = 0, high_ = 0;
    LookupTable modalityTable_, voiTable_;
};

/// The table of a LUT sequence's first item; empty where it is unusable.
LookupTable readTable(const Object &object, uint32_t sequence, bool isSignedInput);

Bytes renderPalette(const Object &object, const DecodedFrame &frame);
Bytes renderColor(DecodedFrame frame);

}  // namespace collimator
