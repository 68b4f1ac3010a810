#include <algorithm>
#include <cmath>

#include "RenderParts.hpp"

namespace collimator {

void requireWhole(const DecodedFrame &frame, uint64_t samples) {
    const uint64_t bits = frame.rows * frame.columns * samples * frame.bitsAllocated;
    if (frame.bytes.size() * 8 < bits) fail(CDCMTK_UNDECODABLE, tags::pixels);
}

Samples::Samples(const DecodedFrame &frame) : frame_(frame) {
    const unsigned stored = std::clamp(frame.bitsStored, 1u, std::max(1u, frame.bitsAllocated));
    shift_ = frame.highBit + 1 > stored ? frame.highBit + 1 - stored : 0;
    mask_ = stored >= 64 ? UINT64_MAX : (uint64_t{1} << stored) - 1;
    signBit_ = frame.isSigned ? uint64_t{1} << (stored - 1) : 0;
}

uint32_t Samples::rawAt(size_t i) const {
    const uint8_t *bytes = frame_.bytes.data();
    switch (frame_.bitsAllocated) {
        case 1: return bytes[i / 8] >> i % 8 & 1;
        case 8: return bytes[i];
        case 16: return load16(bytes + 2 * i, false);
        case 32: return load32(bytes + 4 * i, false);
        default: fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    }
}

double Samples::fromRaw(uint64_t raw) const {
    const uint64_t value = raw >> shift_ & mask_;
    // Two's complement of the stored bits.
    return static_cast<double>(static_cast<int64_t>(value ^ signBit_) - static_cast<int64_t>(signBit_));
}

double Samples::at(size_t i) const {
    if (!frame_.isFloat) return fromRaw(rawAt(i));
    return frame_.bitsAllocated == 32 ? binaryNumber(frame_.bytes.data() + 4 * i, VR::FL, false)
                                      : binaryNumber(frame_.bytes.data() + 8 * i, VR::FD, false);
}

size_t tableIndex(double position, size_t count) {
    // Not-a-number is no index: it takes the first entry, as everything below does.
    if (!(position > 0)) return 0;
    return static_cast<size_t>(std::min(position, static_cast<double>(count - 1)));
}

bool readDescriptor(const Object &object, const Node &node, LookupTable &table, bool isSignedInput) {
    const std::vector<double> shape = numbers(object.source, node, 3);
    const bool isFinite = std::all_of(shape.begin(), shape.end(), [](double number) { return std::isfinite(number); });
    if (shape.size() < 3 || !isFinite || shape[0] < INT16_MIN || shape[0] > UINT16_MAX) return false;
    // Read as signed, a count beyond 32,767 is negative; 65,536 is written as 0.
    const auto count = static_cast<uint16_t>(static_cast<int32_t>(shape[0]));
    table.wanted = count == 0 ? limits::paletteEntriesMax : count;
    table.firstMapped = shape[1];
    if (isSignedInput && table.firstMapped > INT16_MAX) table.firstMapped -= 65536;
    table.bits = static_cast<unsigned>(std::clamp(shape[2], 1.0, 16.0));
    return true;
}

double LookupTable::at(double value) const {
    return entries[tableIndex(value - firstMapped, entries.size())];
}

namespace {

/// Functional groups that hold for a frame: its own item first, then the shared one (PS3.3 §C.7.6.16).
std::vector<Range> groupsOf(const Object &object, uint64_t frameNumber, Tag group) {
    std::vector<Range> result;
    const auto append = [&](Tag sequence, size_t item) {
        const Index &index = object.index;
        const auto outer = index.findTop(sequence);
        if (!outer || index[*outer].vr != VR::SQ) return;
        const auto place = index.child(index.children(*outer), item);
        const auto macro = place ? index.find(index.children(*place), group) : std::nullopt;
        if (!macro || index[*macro].vr != VR::SQ) return;
        if (const auto inner = index.child(index.children(*macro), 0)) result.push_back(index.children(*inner));
    };
    append(tags::frameGroups, static_cast<size_t>(frameNumber - 1));
    append(tags::sharedGroups, 0);
    result.push_back(object.dataSet());
    return result;
}

std::optional<double> numberIn(const Object &object, Range dataSet, Tag tag) {
    const auto found = object.index.find(dataSet, tag);
    double number = 0;
    if (!found || !firstNumber(object.source, object.index[*found], number)) return std::nullopt;
    return number;
}

}  // namespace

LookupTable readTable(const Object &object, uint32_t sequence, bool isSignedInput) {
    const Index &index = object.index;
    const auto item = index.child(index.children(sequence), 0);
    if (index[sequence].vr != VR::SQ || !item) return {};
    const auto descriptor = index.find(index.children(*item), tags::lutDescriptor);
    const auto data = index.find(index.children(*item), tags::lutData);
    if (!descriptor || !data) return {};
    LookupTable table;
    if (!readDescriptor(object, index[*descriptor], table, isSignedInput)) return {};
    const size_t wanted = table.wanted;
    const Node &node = index[*data];
    if (node.length >= 2 * wanted) {
        const Bytes raw = object.source.bytes(node.offset, 2 * wanted);
        for (size_t i = 0; i < wanted; ++i) table.entries.push_back(load16(raw.data() + 2 * i, node.isBigEndian));
    } else if (node.length >= wanted) {
        const Bytes raw = object.source.bytes(node.offset, wanted);
        table.entries.assign(raw.begin(), raw.end());
    }
    return table;
}

GrayTransform::GrayTransform(const Object &object, const DecodedFrame &frame, uint64_t frameNumber)
    : isInverted_(frame.photometric == "MONOCHROME1") {
    readPadding(object);
    for (const Range group : groupsOf(object, frameNumber, tags::rescaleGroup)) {
        if (!object.index.find(group, tags::rescaleSlope)) continue;
        readModality(object, group);
        break;
    }
    if (const auto sequence = object.index.findTop(tags::modalityLUTs)) {
        modalityTable_ = readTable(object, *sequence, frame.isSigned);
    }
    for (const Range group : groupsOf(object, frameNumber, tags::voiGroup)) {
        if (readWindow(object, group)) return;
    }
    const auto sequence = object.index.findTop(tags::voiLUTs);
    if (!sequence) return;
    voiTable_ = readTable(object, *sequence, frame.isSigned || intercept_ < 0);
    if (!voiTable_.isEmpty()) function_ = Function::table;
}

void GrayTransform::readModality(const Object &object, Range group) {
    const double slope = numberIn(object, group, tags::rescaleSlope).value_or(1);
    slope_ = slope == 0 ? 1 : slope;
    intercept_ = numberIn(object, group, tags::rescaleIntercept).value_or(0);
}

bool GrayTransform::readWindow(const Object &object, Range group) {
    const auto center = numberIn(object, group, tags::windowCenter);
    const auto width = numberIn(object, group, tags::windowWidth);
    if (!center || !width || *width <= 0) return false;
    center_ = *center;
    width_ = *width;
    const auto stated = object.index.find(group, tags::voiFunction);
    const std::string name = stated ? plainText(object.source, object.index[*stated]) : "";
    function_ = name == "SIGMOID"        ? Function::sigmoid
                : name == "LINEAR_EXACT" ? Function::linearExact
                                         : Function::linear;
    // PS3.3 §C.11.2.1.2: the linear function needs a width of at least 1.
    if (function_ == Function::linear && width_ < 1) function_ = Function::linearExact;
    return true;
}

void GrayTransform::readPadding(const Object &object) {
    const auto value = numberIn(object, object.dataSet(), tags::pixelPadding);
    if (!value) return;
    const double limit = numberIn(object, object.dataSet(), tags::pixelPaddingLimit).value_or(*value);
    hasPadding_ = true;
    paddingLow_ = std::min(*value, limit);
    paddingHigh_ = std::max(*value, limit);
}

double GrayTransform::modality(double stored) const {
    return modalityTable_.isEmpty() ? stored * slope_ + intercept_ : modalityTable_.at(stored);
}

/// PS3.3 §C.11.2.1.2 and §C.11.2.1.3, to 0…1.
double GrayTransform::window(double value) const {
    switch (function_) {
        case Function::linear:
            // A width of 1 is a threshold.
            if (width_ == 1) return value <= center_ - 0.5 ? 0 : 1;
            return (value - (center_ - 0.5)) / (width_ - 1) + 0.5;
        case Function::linearExact: return (value - center_) / width_ + 0.5;
        case Function::sigmoid: return 1 / (1 + std::exp(-4 * (value - center_) / width_));
        case Function::table: return voiTable_.at(value) / static_cast<double>((1u << voiTable_.bits) - 1);
        case Function::range: return high_ > low_ ? (value - low_) / (high_ - low_) : 0;
    }
    return 0;
}

uint8_t GrayTransform::apply(double stored) const {
    const double value = modality(stored);
    const double share = window(value);
    // Not-a-number has no place on the scale; it is shown as its lower end.
    const auto gray = share > 0 && !std::isnan(value) ? static_cast<uint8_t>(std::min(share, 1.0) * 255 + 0.5) : uint8_t{0};
    return isInverted_ ? static_cast<uint8_t>(255 - gray) : gray;
}

}  // namespace collimator
