// One opened file: its bytes, its index, its image.
#pragma once

#include <memory>

#include "Image.hpp"

namespace collimator {

/// Pixels of one frame, uncompressed, little endian.
struct DecodedFrame {
    Bytes bytes;
    uint64_t rows = 0, columns = 0, samples = 1;
    unsigned bitsAllocated = 8, bitsStored = 8, highBit = 7;
    bool isSigned = false;
    bool isPlanar = false;
    bool isFloat = false;
    std::string photometric;
};

/// Either a range of the file or bytes.
struct Data {
    std::optional<Piece> range;
    Bytes bytes;
};

/// The pixels of the object itself or of an item such as an icon.
class PixelData {
   public:
    PixelData(const Source &source, const Index &index, Range dataSet, const std::string &transferSyntax);

    const ImageDescription &image() const { return image_; }
    bool isEncapsulated() const { return index_[pixels_].isEncapsulated; }
    const Node &node() const { return index_[pixels_]; }
    uint64_t frameCount() const { return image_.frames; }

    /// Fails where the stated number of frames is more than there is, before anything is reserved for them.
    void checkAllFrames();
    /// The stored bytes of a frame, counted from 1.
    Bytes storedBytes(uint64_t number);
    /// Where a frame lies in the file, if in one piece that begins at a byte.
    std::optional<Piece> storedRange(uint64_t number);
    /// The frame uncompressed. Colour that was lossily transformed comes as RGB.
    DecodedFrame decode(uint64_t number);

   private:
    const FragmentMap &fragments();
    Piece nativePiece(uint64_t number) const;
    Bytes nativeBits(uint64_t number) const;
    void checkFrame(uint64_t number) const;
    DecodedFrame decodeNative(uint64_t number) const;
    Bytes join(const std::vector<Piece> &pieces) const;

    const Source &source_;
    const Index &index_;
    Range dataSet_;
    uint32_t pixels_;
    ImageDescription image_;
    std::string transferSyntax_;
    std::unique_ptr<FragmentMap> fragments_;
};

/// What `cdcmtk_object` points to.
class Object {
   public:
    explicit Object(const char *path);

    Source source;
    Index index;
    /// As stated, or what the bytes turned out to be where the file does not say.
    std::string transferSyntax;

    /// The top-level pixel data; fails where there is none.
    PixelData &pixels();
    Range dataSet() const { return index.dataSet(); }

   private:
    std::unique_ptr<PixelData> pixels_;
};

/// The value at a path such as "00081140/0/7FE00010", unencoded and little endian.
Data bulkData(Object &object, const std::string &path);

}  // namespace collimator
