// Bulk data by path (PS3.18 §10.4.1.1.5): a range of the file where the value lies there as it is wanted.
#include <cstdlib>

#include "Codecs.hpp"

namespace collimator {

namespace {

/// A path such as "00081140/0/7FE00010", taken apart.
std::vector<std::string> steps(const std::string &path) {
    std::vector<std::string> result(1);
    for (const char c : path) {
        if (c == '/') {
            result.emplace_back();
        } else {
            result.back().push_back(c);
        }
    }
    return result;
}

std::optional<Tag> tagFrom(const std::string &step) {
    if (step.size() != 8 || step.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
    return static_cast<Tag>(std::strtoul(step.c_str(), nullptr, 16));
}

std::optional<size_t> itemFrom(const std::string &step) {
    if (step.empty() || step.size() > 8 || step.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return static_cast<size_t>(std::strtoul(step.c_str(), nullptr, 10));
}

struct Place {
    uint32_t element;
    Range dataSet;
};

Place locate(const Object &object, const std::string &path) {
    const std::vector<std::string> parts = steps(path);
    Place place{0, object.dataSet()};
    for (size_t i = 0; i < parts.size(); i += 2) {
        const auto tag = tagFrom(parts[i]);
        if (!tag) fail(CDCMTK_NO_SUCH_ELEMENT);
        const auto found = i == 0 ? object.index.findTop(*tag) : object.index.find(place.dataSet, *tag);
        if (!found) fail(CDCMTK_NO_SUCH_ELEMENT, *tag);
        place.element = *found;
        if (i + 1 == parts.size()) return place;

        const auto number = itemFrom(parts[i + 1]);
        const bool isSequence = object.index[*found].vr == VR::SQ;
        if (!number || !isSequence) fail(CDCMTK_NO_SUCH_ELEMENT, *tag);
        const auto item = object.index.child(object.index.children(*found), *number);
        if (!item) fail(CDCMTK_NO_SUCH_ELEMENT, *tag);
        place.dataSet = object.index.children(*item);
    }
    // The path ended with an item number.
    fail(CDCMTK_NO_SUCH_ELEMENT);
}

/// All fragments after the offset table, as they are stored.
Data storedFragments(const Object &object, uint32_t pixels) {
    const Range children = object.index.children(pixels);
    Data data;
    uint64_t total = 0;
    for (uint32_t pass = 0; pass < 2; ++pass) {
        for (uint32_t i = children.first; i < children.end; i = object.index.next(i)) {
            const Node &fragment = object.index[i];
            if (i == children.first) continue;
            if (pass == 0) {
                total += fragment.length;
                continue;
            }
            const Bytes bytes = object.source.bytes(fragment.offset, fragment.length);
            data.bytes.insert(data.bytes.end(), bytes.begin(), bytes.end());
        }
        if (total > limits::decodedBulkBytesMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
        data.bytes.reserve(total);
    }
    return data;
}

/// Every frame decoded, one after the other; the fragments as they are where no decoder is at hand.
Data decodedFrames(Object &object, const Place &place) {
    if (!canDecode(compressionOf(object.transferSyntax))) return storedFragments(object, place.element);
    PixelData pixels(object.source, object.index, place.dataSet, object.transferSyntax);
    pixels.checkAllFrames();
    Data data;
    for (uint64_t number = 1; number <= pixels.frameCount(); ++number) {
        DecodedFrame frame = pixels.decode(number);
        const uint64_t total = frame.bytes.size() * pixels.frameCount();
        if (total > limits::decodedBulkBytesMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
        if (number == 1) data.bytes.reserve(static_cast<size_t>(total));
        data.bytes.insert(data.bytes.end(), frame.bytes.begin(), frame.bytes.end());
    }
    return data;
}

}  // namespace

size_t swapUnit(const ImageDescription &image, VR vr) {
    // Pixels wider than a word are swapped whole: so readers in the field do, whatever OW says of words.
    if (image.bitsAllocated > 16) return image.bitsAllocated / 8;
    return traits(vr).unit;
}

Data bulkData(Object &object, const std::string &path) {
    const Place place = locate(object, path);
    const Node &node = object.index[place.element];
    if (node.isEncapsulated) return decodedFrames(object, place);
    if (node.vr == VR::SQ) fail(CDCMTK_NO_SUCH_ELEMENT, node.tag);

    const bool isPixels = tags::isPixelData(node.tag);
    const size_t unit = !node.isBigEndian ? 1
                        : isPixels        ? swapUnit(describe(object.source, object.index, place.dataSet), node.vr)
                                          : traits(node.vr).unit;
    Data data;
    if (unit == 1 && !object.index.isDeflated) {
        data.range = Piece{node.offset, node.length};
        return data;
    }
    if (node.length > limits::decodedBulkBytesMax) fail(CDCMTK_TOO_LARGE, node.tag);
    data.bytes = object.source.bytes(node.offset, node.length);
    swapUnits(data.bytes.data(), data.bytes.size(), unit);
    return data;
}

}  // namespace collimator
