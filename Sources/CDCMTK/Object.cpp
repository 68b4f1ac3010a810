#include "Object.hpp"

#include <algorithm>

#include "Codecs.hpp"

namespace collimator {

namespace {

std::string encodingName(const Index &index) {
    if (index.isBigEndian) return transfer::explicitBig;
    return index.isImplicit ? transfer::implicitLittle : transfer::explicitLittle;
}

}  // namespace

Object::Object(const char *path) : source(Source::open(path)), index(readIndex(source, path)) {
    transferSyntax = index.statedTransferSyntax.empty() ? encodingName(index) : index.statedTransferSyntax;
}

PixelData &Object::pixels() {
    if (!pixels_) pixels_ = std::make_unique<PixelData>(source, index, dataSet(), transferSyntax);
    return *pixels_;
}

PixelData::PixelData(const Source &source, const Index &index, Range dataSet, const std::string &transferSyntax)
    : source_(source), index_(index), dataSet_(dataSet), transferSyntax_(transferSyntax) {
    const auto found = findPixels(index, dataSet);
    if (!found) fail(CDCMTK_NO_PIXEL_DATA);
    pixels_ = *found;
    image_ = describe(source, index, dataSet);
}

const FragmentMap &PixelData::fragments() {
    if (!fragments_) fragments_ = std::make_unique<FragmentMap>(source_, index_, dataSet_, pixels_, image_.frames);
    return *fragments_;
}

void PixelData::checkFrame(uint64_t number) const {
    if (number == 0 || number > image_.frames) fail(CDCMTK_FRAME_OUT_OF_RANGE, node().tag);
}

Piece PixelData::nativePiece(uint64_t number) const {
    checkFrame(number);
    const uint64_t frameBytes = image_.frameBits() / 8;
    // Divided, not multiplied: a product of what the file states may pass 64 bits.
    const bool isInside = frameBytes > 0 && number <= node().length / frameBytes;
    if (!isInside) fail(CDCMTK_UNDECODABLE, node().tag);
    return {node().offset + (number - 1) * frameBytes, frameBytes};
}

/// Frames of one-bit pixels follow each other without padding (PS3.5 §8.1.1), so most begin within a byte.
Bytes PixelData::nativeBits(uint64_t number) const {
    checkFrame(number);
    const uint64_t bits = image_.frameBits(), first = (number - 1) * bits;
    if (bits == 0 || bits / 8 > limits::frameBytesMax) fail(CDCMTK_UNDECODABLE, node().tag);
    if (first + bits > node().length * 8) fail(CDCMTK_UNDECODABLE, node().tag);
    const unsigned shift = first % 8;
    const uint64_t lastByte = (first + bits - 1) / 8;
    const Bytes raw = source_.bytes(node().offset + first / 8, lastByte - first / 8 + 1);
    Bytes result((bits + 7) / 8);
    for (size_t i = 0; i < result.size(); ++i) {
        const unsigned next = i + 1 < raw.size() ? raw[i + 1] : 0;
        result[i] = static_cast<uint8_t>((raw[i] | next << 8) >> shift);
    }
    if (bits % 8 != 0) result.back() &= static_cast<uint8_t>((1u << bits % 8) - 1);
    return result;
}

Bytes PixelData::join(const std::vector<Piece> &pieces) const {
    uint64_t total = 0;
    for (const Piece &piece : pieces) total += piece.length;
    if (total > limits::frameBytesMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
    Bytes result(static_cast<size_t>(total));
    size_t position = 0;
    for (const Piece &piece : pieces) {
        source_.read(piece.offset, result.data() + position, static_cast<size_t>(piece.length));
        position += static_cast<size_t>(piece.length);
    }
    return result;
}

Bytes PixelData::storedBytes(uint64_t number) {
    checkFrame(number);
    if (isEncapsulated()) return join(fragments().frame(number));
    if (image_.bitsAllocated == 1) return nativeBits(number);
    const Piece piece = nativePiece(number);
    return join({piece});
}

std::optional<Piece> PixelData::storedRange(uint64_t number) {
    checkFrame(number);
    if (isEncapsulated()) {
        const std::vector<Piece> pieces = fragments().frame(number);
        return pieces.size() == 1 ? std::optional(pieces[0]) : std::nullopt;
    }
    if (image_.frameBits() % 8 != 0) return std::nullopt;
    return nativePiece(number);
}

DecodedFrame PixelData::decodeNative(uint64_t number) const {
    DecodedFrame frame;
    frame.rows = image_.rows;
    frame.columns = image_.columns;
    frame.samples = image_.samples;
    frame.bitsAllocated = image_.bitsAllocated;
    frame.bitsStored = image_.bitsStored;
    frame.highBit = image_.highBit;
    frame.isSigned = image_.isSigned;
    frame.isPlanar = image_.isPlanar;
    frame.isFloat = image_.isFloat;
    frame.photometric = image_.photometric;
    if (image_.bitsAllocated == 1) {
        frame.bytes = nativeBits(number);
        return frame;
    }
    const Piece piece = nativePiece(number);
    if (!node().isBigEndian) {
        frame.bytes = join({piece});
        return frame;
    }
    // A frame of bytes may begin or end in the middle of a swapped word.
    const size_t unit = swapUnit(image_, node().vr);
    const uint64_t before = (piece.offset - node().offset) % unit;
    const uint64_t behind = (unit - (before + piece.length) % unit) % unit;
    const uint64_t left = node().offset + node().length - (piece.offset + piece.length);
    Bytes whole = join({{piece.offset - before, before + piece.length + std::min(behind, left)}});
    swapUnits(whole.data(), whole.size(), unit);
    const auto start = whole.begin() + static_cast<ptrdiff_t>(before);
    frame.bytes.assign(start, start + static_cast<ptrdiff_t>(piece.length));
    return frame;
}

void PixelData::checkAllFrames() {
    if (isEncapsulated()) {
        fragments();
    } else if (image_.bitsAllocated == 1) {
        const uint64_t bits = image_.frameBits();
        if (bits == 0 || image_.frames > node().length * 8 / bits) fail(CDCMTK_UNDECODABLE, node().tag);
    } else {
        nativePiece(image_.frames);
    }
}

DecodedFrame PixelData::decode(uint64_t number) {
    checkFrame(number);
    if (image_.frameBits() / 8 > limits::frameBytesMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
    if (image_.frameBits() == 0) fail(CDCMTK_UNDECODABLE, tags::pixels);
    if (!isEncapsulated()) return decodeNative(number);
    return decodeEncapsulated(storedBytes(number), image_, transferSyntax_);
}

}  // namespace collimator
