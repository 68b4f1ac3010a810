#include "Image.hpp"

#include <algorithm>

namespace collimator {

namespace {

uint64_t wholeNumber(const Source &source, const Index &index, Range dataSet, Tag tag, uint64_t otherwise) {
    const auto found = index.find(dataSet, tag);
    double number = 0;
    if (!found || !firstNumber(source, index[*found], number)) return otherwise;
    return number >= 0 && number <= INT32_MAX ? static_cast<uint64_t>(number) : otherwise;
}

/// The first bytes of a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream or of a JP2 file.
bool startsCodestream(const Source &source, const Piece &fragment) {
    if (fragment.length < 4) return false;
    uint8_t raw[4];
    source.read(fragment.offset, raw, sizeof raw);
    const bool isJPEG = raw[0] == 0xFF && raw[1] == 0xD8 && raw[2] == 0xFF;
    const bool isJPEG2000 = raw[0] == 0xFF && raw[1] == 0x4F && raw[2] == 0xFF && raw[3] == 0x51;
    const bool isJP2 = load32(raw, true) == 12;
    return isJPEG || isJPEG2000 || isJP2 || (raw[0] == 0xFF && raw[1] == 0x0A);
}

}  // namespace

uint64_t ImageDescription::frameBits() const {
    // Rows, columns and samples are 16-bit, so the product stays far below 64 bits.
    const uint64_t values = pixelCount() * samples;
    // Only colour differences can be shared between pixels.
    if (samples != 3) return values * bitsAllocated;
    if (photometric == "YBR_FULL_422" || photometric == "YBR_PARTIAL_422") return values * bitsAllocated / 3 * 2;
    if (photometric == "YBR_PARTIAL_420") return values * bitsAllocated / 2;
    return values * bitsAllocated;
}

std::optional<uint32_t> findPixels(const Index &index, Range dataSet) {
    for (const Tag tag : {tags::pixels, tags::floatPixels, tags::doublePixels}) {
        const auto found = index.find(dataSet, tag);
        if (found && (index[*found].length > 0 || index[*found].isEncapsulated)) return found;
    }
    return std::nullopt;
}

ImageDescription describe(const Source &source, const Index &index, Range dataSet) {
    const auto number = [&](Tag tag, uint64_t otherwise, uint64_t most) {
        return std::min(wholeNumber(source, index, dataSet, tag, otherwise), most);
    };
    ImageDescription image;
    image.rows = number(tags::rows, 0, UINT16_MAX);
    image.columns = number(tags::columns, 0, UINT16_MAX);
    image.samples = number(tags::samplesPerPixel, 1, UINT16_MAX);
    image.frames = std::max<uint64_t>(1, number(tags::numberOfFrames, 1, INT32_MAX));
    image.bitsAllocated = static_cast<unsigned>(number(tags::bitsAllocated, 0, 64));
    image.bitsStored = static_cast<unsigned>(number(tags::bitsStored, image.bitsAllocated, 64));
    if (image.bitsStored == 0 || image.bitsStored > image.bitsAllocated) image.bitsStored = image.bitsAllocated;
    const unsigned usualHighBit = image.bitsStored == 0 ? 0 : image.bitsStored - 1;
    image.highBit = static_cast<unsigned>(number(tags::highBit, usualHighBit, 63));
    if (image.highBit + 1 < image.bitsStored || image.highBit >= image.bitsAllocated) image.highBit = usualHighBit;
    image.isSigned = number(tags::pixelRepresentation, 0, 1) == 1;
    image.isPlanar = image.samples > 1 && number(tags::planarConfiguration, 0, 1) == 1;
    if (const auto found = index.find(dataSet, tags::photometric)) image.photometric = plainText(source, index[*found]);
    if (image.photometric.empty()) image.photometric = image.samples >= 3 ? "RGB" : "MONOCHROME2";

    const auto pixels = findPixels(index, dataSet);
    image.isFloat = pixels && index[*pixels].tag != tags::pixels;
    if (image.isFloat) image.bitsAllocated = index[*pixels].tag == tags::floatPixels ? 32 : 64;
    // Some files say that colour is subsampled and hold it whole.
    if (pixels && !index[*pixels].isEncapsulated && image.photometric == "YBR_FULL_422") {
        const uint64_t whole = image.pixelCount() * image.samples * image.bitsAllocated / 8;
        if (whole <= index[*pixels].length / image.frames) image.photometric = "YBR_FULL";
    }
    return image;
}

FragmentMap::FragmentMap(
    const Source &source, const Index &index, Range dataSet, uint32_t pixels, uint64_t frames)
    : frames_(frames) {
    const Range children = index.children(pixels);
    Piece basicTable{0, 0};
    for (uint32_t i = children.first; i < children.end; i = index.next(i)) {
        if (i == children.first) {
            basicTable = {index[i].offset, index[i].length};
        } else {
            fragments_.push_back({index[i].offset, index[i].length});
        }
    }
    if (fragments_.empty()) fail(CDCMTK_UNDECODABLE, tags::pixels);
    if (frames == 1) {
        starts_ = {0};
        return;
    }
    // A number of frames beyond the fragments is a stream such as video, or a lie; neither has frames to find.
    if (frames > fragments_.size()) fail(CDCMTK_UNDECODABLE, tags::numberOfFrames);

    const auto extended = index.find(dataSet, tags::extendedOffsets);
    if (extended) {
        const Node &node = index[*extended];
        if (adoptOffsets(source, {node.offset, node.length}, 8, node.isBigEndian)) return;
    }
    if (adoptOffsets(source, basicTable, 4, index[pixels].isBigEndian)) return;
    if (fragments_.size() == frames) {
        starts_.resize(fragments_.size());
        for (size_t i = 0; i < starts_.size(); ++i) starts_[i] = static_cast<uint32_t>(i);
        return;
    }
    if (!adoptSignatures(source)) fail(CDCMTK_UNDECODABLE, tags::pixels);
}

bool FragmentMap::adoptOffsets(const Source &source, Piece table, size_t unit, bool isBigEndian) {
    if (table.length / unit != frames_) return false;
    const Bytes raw = source.bytes(table.offset, frames_ * unit);
    // Offsets count from the first fragment's item tag, eight bytes before its value.
    const uint64_t base = fragments_[0].offset;
    std::vector<uint32_t> starts;
    for (size_t frame = 0, fragment = 0; frame < frames_; ++frame, ++fragment) {
        const uint8_t *entry = raw.data() + frame * unit;
        const uint64_t offset = unit == 8 ? load64(entry, isBigEndian) : load32(entry, isBigEndian);
        while (fragment < fragments_.size() && fragments_[fragment].offset - base < offset) ++fragment;
        const bool isMet = fragment < fragments_.size() && fragments_[fragment].offset - base == offset;
        if (!isMet || (frame == 0 && fragment != 0)) return false;
        starts.push_back(static_cast<uint32_t>(fragment));
    }
    starts_ = std::move(starts);
    return true;
}

bool FragmentMap::adoptSignatures(const Source &source) {
    std::vector<uint32_t> starts;
    for (size_t i = 0; i < fragments_.size(); ++i) {
        if (startsCodestream(source, fragments_[i])) starts.push_back(static_cast<uint32_t>(i));
    }
    if (starts.size() != frames_ || starts[0] != 0) return false;
    starts_ = std::move(starts);
    return true;
}

std::vector<Piece> FragmentMap::frame(uint64_t number) const {
    if (number == 0 || number > starts_.size()) fail(CDCMTK_FRAME_OUT_OF_RANGE, tags::pixels);
    const size_t first = starts_[number - 1];
    const size_t end = number < starts_.size() ? starts_[number] : fragments_.size();
    return {fragments_.begin() + static_cast<ptrdiff_t>(first), fragments_.begin() + static_cast<ptrdiff_t>(end)};
}

}  // namespace collimator
