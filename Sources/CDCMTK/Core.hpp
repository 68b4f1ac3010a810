// What every part of the reader shares: failures, limits, tags.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "CDCMTK.h"

namespace collimator {

using Bytes = std::vector<uint8_t>;

/// Group and element number in one word.
using Tag = uint32_t;

constexpr uint16_t groupOf(Tag tag) { return static_cast<uint16_t>(tag >> 16); }
constexpr uint16_t elementOf(Tag tag) { return static_cast<uint16_t>(tag); }

/// The one exception of this library. It holds numbers only, never a value of the file.
struct Failure {
    int32_t code;
    Tag tag = 0;
    int64_t offset = -1;
};

[[noreturn]] inline void fail(int32_t code, Tag tag = 0, int64_t offset = -1) { throw Failure{code, tag, offset}; }

/// Fails for a call of the operating system that created or wrote a file: a full disk has a code of its own.
[[noreturn]] inline void failWriting(int error) {
    const bool isFull = error == ENOSPC || error == EDQUOT || error == EFBIG;
    fail(isFull ? CDCMTK_DISK_FULL : CDCMTK_IO);
}

namespace limits {

/// Items within sequences within items, and so on. Real structured reports stay below 30.
constexpr size_t nestingDepthMax = 64;
/// Elements, items and fragments of one file; an index entry takes 32 bytes.
constexpr size_t elementCountMax = 4'000'000;
/// One decoded frame. A 16-bit mammogram has 60 MB.
constexpr uint64_t frameBytesMax = 256ull << 20;
/// All frames of an encapsulated object decoded into one bulk data answer.
constexpr uint64_t decodedBulkBytesMax = 1ull << 30;
/// The DICOM JSON text of one object.
constexpr uint64_t jsonBytesMax = 256ull << 20;
/// A text value longer than this becomes bulk data.
constexpr uint64_t textBytesMax = 4ull << 20;
/// A sequence longer than this is left out of DICOM JSON.
constexpr uint64_t jsonSequenceBytesMax = 1ull << 20;
/// OD, OF, OL and OV values longer than this become bulk data.
constexpr uint64_t inlineBinaryBytesMax = 2048;
/// Numeric elements with more values than this become bulk data.
constexpr uint64_t numericValuesMax = 512;
/// A deflated data set may not grow beyond this,
constexpr uint64_t inflatedBytesMax = 1ull << 30;
/// nor beyond so many times its size (deflate reaches 1,000; pictures stay far below),
constexpr uint64_t inflationRatioMax = 200;
/// but always to this, so that a small empty picture is read.
constexpr uint64_t inflatedBytesAlways = 64ull << 20;
/// Entries of one colour's palette, however its segments repeat each other.
constexpr size_t paletteEntriesMax = 65'536;
/// Segments of one colour's palette, repeated ones counted each time: each adds at least one entry, or repeats others.
constexpr size_t paletteSegmentsMax = 2 * paletteEntriesMax;

}  // namespace limits

namespace tags {

constexpr Tag item = 0xFFFEE000, itemDelimiter = 0xFFFEE00D, sequenceDelimiter = 0xFFFEE0DD;
constexpr Tag metaLength = 0x00020000, metaVersion = 0x00020001, metaSOPClass = 0x00020002;
constexpr Tag metaSOPInstance = 0x00020003, transferSyntax = 0x00020010;
constexpr Tag implementationClass = 0x00020012, implementationVersion = 0x00020013;
constexpr Tag specificCharacterSet = 0x00080005, sopClass = 0x00080016, sopInstance = 0x00080018;
constexpr Tag samplesPerPixel = 0x00280002, photometric = 0x00280004, planarConfiguration = 0x00280006;
constexpr Tag numberOfFrames = 0x00280008, rows = 0x00280010, columns = 0x00280011;
constexpr Tag bitsAllocated = 0x00280100, bitsStored = 0x00280101, highBit = 0x00280102;
constexpr Tag pixelRepresentation = 0x00280103, pixelPadding = 0x00280120, pixelPaddingLimit = 0x00280121;
constexpr Tag windowCenter = 0x00281050, windowWidth = 0x00281051, voiFunction = 0x00281056;
constexpr Tag rescaleIntercept = 0x00281052, rescaleSlope = 0x00281053;
constexpr Tag modalityLUTs = 0x00283000, voiLUTs = 0x00283010;
constexpr Tag lutDescriptor = 0x00283002, lutData = 0x00283006;
constexpr Tag lossyCompression = 0x00282110, lossyRatio = 0x00282112, lossyMethod = 0x00282114;
constexpr Tag sharedGroups = 0x52009229, frameGroups = 0x52009230;
constexpr Tag voiGroup = 0x00289132, rescaleGroup = 0x00289145;
constexpr Tag extendedOffsets = 0x7FE00001, extendedLengths = 0x7FE00002;
constexpr Tag floatPixels = 0x7FE00008, doublePixels = 0x7FE00009, pixels = 0x7FE00010;
constexpr Tag trailingPadding = 0xFFFCFFFC;

constexpr bool isPixelData(Tag tag) { return tag == pixels || tag == floatPixels || tag == doublePixels; }

}  // namespace tags

inline uint16_t load16(const uint8_t *p, bool big) {
    return static_cast<uint16_t>(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

inline uint32_t load32(const uint8_t *p, bool big) {
    return big ? uint32_t{load16(p, true)} << 16 | load16(p + 2, true)
               : uint32_t{load16(p + 2, false)} << 16 | load16(p, false);
}

inline uint64_t load64(const uint8_t *p, bool big) {
    return big ? uint64_t{load32(p, true)} << 32 | load32(p + 4, true)
               : uint64_t{load32(p + 4, false)} << 32 | load32(p, false);
}

/// Reverses each group of `unit` bytes in place; a rest at the end stays.
void swapUnits(uint8_t *bytes, size_t count, size_t unit);

}  // namespace collimator
