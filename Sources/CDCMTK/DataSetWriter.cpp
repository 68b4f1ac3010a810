#include "DataSetWriter.hpp"

#include <algorithm>

namespace collimator {

namespace {

constexpr uint32_t undefinedLength = 0xFFFFFFFF;
constexpr size_t chunkBytes = 1 << 20;

uint8_t paddingOf(VR vr) {
    const Kind kind = traits(vr).kind;
    const bool isText = kind == Kind::text || kind == Kind::personName || kind == Kind::decimalText ||
                        kind == Kind::integerText;
    return isText && vr != VR::UI ? ' ' : 0;
}

}  // namespace

Replacement textReplacement(VR vr, const std::string &text) { return {vr, Bytes(text.begin(), text.end())}; }

Replacement numberReplacement(uint64_t number) {
    return {VR::US, {static_cast<uint8_t>(number), static_cast<uint8_t>(number >> 8)}};
}

Replacements imageReplacements(const ImageDescription &image, const DecodedFrame &frame) {
    Replacements result;
    if (frame.photometric != image.photometric) {
        result[tags::photometric] = textReplacement(VR::CS, frame.photometric);
    }
    if (image.samples > 1) result[tags::planarConfiguration] = numberReplacement(frame.isPlanar ? 1 : 0);
    if (frame.bitsAllocated != image.bitsAllocated) {
        result[tags::bitsAllocated] = numberReplacement(frame.bitsAllocated);
    }
    if (frame.bitsStored != image.bitsStored) {
        result[tags::bitsStored] = numberReplacement(frame.bitsStored);
        result[tags::highBit] = numberReplacement(frame.highBit);
    }
    result[tags::extendedOffsets] = std::nullopt;
    result[tags::extendedLengths] = std::nullopt;
    return result;
}

void DataSetWriter::writeHeader(Tag tag, VR vr, uint64_t length) {
    if (length >= undefinedLength) fail(CDCMTK_TOO_LARGE, tag);
    output_.writeLittle(groupOf(tag), 2);
    output_.writeLittle(elementOf(tag), 2);
    if (isImplicit_) return output_.writeLittle(length, 4);
    // PS3.5 §6.2.2: what is too long for a short length field goes as UN.
    if (!traits(vr).isLong && length > 0xFFFF) vr = VR::UN;
    output_.write(traits(vr).name, 2);
    if (!traits(vr).isLong) return output_.writeLittle(length, 2);
    output_.writeLittle(0, 2);
    output_.writeLittle(length, 4);
}

void DataSetWriter::writeUndefined(Tag tag, VR vr) {
    output_.writeLittle(groupOf(tag), 2);
    output_.writeLittle(elementOf(tag), 2);
    if (!isImplicit_ && groupOf(tag) != 0xFFFE) {
        output_.write(traits(vr).name, 2);
        output_.writeLittle(0, 2);
    }
    output_.writeLittle(undefinedLength, 4);
}

void DataSetWriter::writeValue(Tag tag, const Replacement &value) {
    const bool isOdd = value.value.size() % 2 != 0;
    writeHeader(tag, value.vr, value.value.size() + (isOdd ? 1 : 0));
    output_.write(value.value);
    if (isOdd) output_.writeLittle(paddingOf(value.vr), 1);
}

void DataSetWriter::writeElements(
    const std::vector<uint32_t> &elements, Range dataSet, const Replacements &replacements) {
    auto pending = replacements.begin();
    const auto writePendingBelow = [&](uint64_t tag) {
        for (; pending != replacements.end() && pending->first < tag; ++pending) {
            if (pending->second) writeValue(pending->first, *pending->second);
        }
    };
    for (const uint32_t element : elements) {
        const Tag tag = object_.index[element].tag;
        writePendingBelow(tag);
        if (replacements.count(tag) == 0) writeElement(element, dataSet);
    }
    writePendingBelow(UINT64_MAX);
}

void DataSetWriter::writeElement(uint32_t element, Range dataSet) {
    const Node &node = object_.index[element];
    if (node.vr == VR::SQ) return writeSequence(element);
    size_t unit = 1;
    if (node.isBigEndian) {
        unit = tags::isPixelData(node.tag) ? swapUnit(describe(object_.source, object_.index, dataSet), node.vr)
                                           : traits(node.vr).unit;
    }
    writeLeaf(node, unit);
}

void DataSetWriter::writeLeaf(const Node &node, size_t unit) {
    const bool isOdd = node.length % 2 != 0;
    writeHeader(node.tag, node.vr, node.length + (isOdd ? 1 : 0));
    // The chunk is a multiple of every unit, so none is cut in two.
    for (uint64_t done = 0; done < node.length; done += chunkBytes) {
        Bytes chunk = object_.source.bytes(node.offset + done, std::min<uint64_t>(chunkBytes, node.length - done));
        swapUnits(chunk.data(), chunk.size(), unit);
        output_.write(chunk);
    }
    if (isOdd) output_.writeLittle(paddingOf(node.vr), 1);
}

void DataSetWriter::writeSequence(uint32_t sequence) {
    const Range items = object_.index.children(sequence);
    if (items.first == items.end) return writeHeader(object_.index[sequence].tag, VR::SQ, 0);
    writeUndefined(object_.index[sequence].tag, VR::SQ);
    for (uint32_t item = items.first; item < items.end; item = object_.index.next(item)) {
        writeUndefined(tags::item, VR::item);
        writeItem(item);
        output_.writeLittle(groupOf(tags::itemDelimiter), 2);
        output_.writeLittle(elementOf(tags::itemDelimiter), 2);
        output_.writeLittle(0, 4);
    }
    output_.writeLittle(groupOf(tags::sequenceDelimiter), 2);
    output_.writeLittle(elementOf(tags::sequenceDelimiter), 2);
    output_.writeLittle(0, 4);
}

/// Compressed pixels within an item, such as an icon, become native; an icon that cannot be decoded is left out.
void DataSetWriter::writeItem(uint32_t item) {
    const Range dataSet = object_.index.children(item);
    const auto pixels = object_.index.find(dataSet, tags::pixels);
    Replacements replacements;
    if (pixels && object_.index[*pixels].isEncapsulated) {
        replacements[tags::pixels] = std::nullopt;
        try {
            PixelData icon(object_.source, object_.index, dataSet, object_.transferSyntax);
            DecodedFrame frame = icon.decode(1);
            interleave(frame);
            replacements = imageReplacements(icon.image(), frame);
            const VR vr = frame.bitsAllocated > 8 || isImplicit_ ? VR::OW : VR::OB;
            replacements[tags::pixels] = Replacement{vr, std::move(frame.bytes)};
        } catch (const Failure &failure) {
            if (failure.code == CDCMTK_IO) throw;
        }
    }
    writeElements(object_.index.sorted(dataSet), dataSet, replacements);
}

}  // namespace collimator
