// The image module of a data set, and where its frames lie.
#pragma once

#include "Text.hpp"

namespace collimator {

/// What describes the pixels of one data set (PS3.3 §C.7.6.3).
struct ImageDescription {
    uint64_t rows = 0, columns = 0, samples = 1, frames = 1;
    unsigned bitsAllocated = 0, bitsStored = 0, highBit = 0;
    bool isSigned = false;
    bool isPlanar = false;
    bool isFloat = false;
    std::string photometric;

    uint64_t pixelCount() const { return rows * columns; }
    /// Bits of one frame as native pixel data.
    uint64_t frameBits() const;
    bool isMonochrome() const { return photometric == "MONOCHROME1" || photometric == "MONOCHROME2"; }
};

/// The pixel data element of a data set: integer, float or double.
std::optional<uint32_t> findPixels(const Index &index, Range dataSet);

ImageDescription describe(const Source &source, const Index &index, Range dataSet);

struct Piece {
    uint64_t offset;
    uint64_t length;
};

/// Which fragments make up each frame of encapsulated pixel data (PS3.5 §A.4).
///
/// The extended, then the basic offset table is believed where every entry meets a fragment; else one fragment is
/// one frame; else a frame begins where a codestream does.
class FragmentMap {
   public:
    FragmentMap(const Source &source, const Index &index, Range dataSet, uint32_t pixels, uint64_t frames);

    std::vector<Piece> frame(uint64_t number) const;
    uint64_t frameCount() const { return starts_.size(); }
    const std::vector<Piece> &fragments() const { return fragments_; }

   private:
    bool adoptOffsets(const Source &source, Piece table, size_t unit, bool isBigEndian);
    bool adoptSignatures(const Source &source);

    std::vector<Piece> fragments_;
    std::vector<uint32_t> starts_;
    uint64_t frames_;
};

}  // namespace collimator
