#include "Parser.hpp"

#include <algorithm>

namespace collimator {

namespace {

constexpr uint32_t undefinedLength = 0xFFFFFFFF;

bool isUpper(uint8_t c) { return c >= 'A' && c <= 'Z'; }

}  // namespace

uint32_t Parser::add(Node node) {
    if (index_.nodes.size() >= limits::elementCountMax) fail(CDCMTK_TOO_LARGE, node.tag);
    const auto number = static_cast<uint32_t>(index_.nodes.size());
    node.end = number + 1;
    index_.nodes.push_back(node);
    return number;
}

void Parser::push(Level level) {
    // A sequence and its item are two levels.
    if (levels_.size() > 2 * limits::nestingDepthMax) {
        fail(CDCMTK_TOO_LARGE, index_.nodes[level.node].tag, static_cast<int64_t>(position_));
    }
    levels_.push_back(level);
}

void Parser::close(uint64_t valueEnd) {
    const Level level = levels_.back();
    levels_.pop_back();
    if (level.node == noNode) return;
    Node &node = index_.nodes[level.node];
    node.end = static_cast<uint32_t>(index_.nodes.size());
    node.length = valueEnd - node.offset;
}

void Parser::readDataSet(uint64_t start, uint64_t end, Encoding encoding) {
    position_ = start;
    levels_.push_back({Holds::elements, false, encoding, noNode, end});
    run(0);
}

void Parser::run(size_t floor) {
    while (levels_.size() > floor) {
        const Level &level = levels_.back();
        if (position_ == level.end) {
            // An undefined length that nothing delimits: the file was cut.
            if (level.isDelimited) {
                fail(CDCMTK_TRUNCATED, index_.nodes[level.node].tag, static_cast<int64_t>(position_));
            }
            close(position_);
            continue;
        }
        switch (level.holds) {
            case Holds::elements: readElement(); break;
            case Holds::items: readItem(); break;
            case Holds::fragments: readFragment(); break;
        }
    }
}

bool Parser::endsWithPadding() const {
    const uint64_t rest = source_.size() - position_;
    if (rest > 64 * 1024) return false;
    const Bytes bytes = source_.bytes(position_, rest);
    return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

/// Representations yet to be invented have the long form (PS3.5 §7.1.2); some writers invent short ones.
bool Parser::looksLong(uint8_t *raw, uint64_t room, bool isBigEndian) const {
    if (raw[6] != 0 || raw[7] != 0 || room < 12) return false;
    source_.read(position_ + 8, raw + 8, 4);
    const uint32_t length = load32(raw + 8, isBigEndian);
    return length == undefinedLength || length <= room - 12;
}

Parser::Header Parser::readHeader(uint64_t limit, Encoding encoding) const {
    const uint64_t room = limit - position_;
    if (room < 8) fail(CDCMTK_TRUNCATED, 0, static_cast<int64_t>(position_));
    uint8_t raw[12];
    source_.read(position_, raw, 8);

    const bool big = encoding.isBigEndian;
    Header header{Tag{load16(raw, big)} << 16 | load16(raw + 2, big), VR::none, load32(raw + 4, big), position_ + 8,
                  encoding};
    if (groupOf(header.tag) == 0xFFFE) return header;
    // Some writers leave implicit elements in explicit data sets: without two letters there is no representation.
    if (encoding.isImplicit || !isUpper(raw[4]) || !isUpper(raw[5])) {
        header.vr = dictionaryVR(header.tag);
        header.encoding.isImplicit = true;
        return header;
    }
    header.vr = vrNamed(raw + 4);
    const bool isLong = header.vr != VR::none ? traits(header.vr).isLong : looksLong(raw, room, big);
    if (header.vr == VR::none) header.vr = VR::UN;
    if (!isLong) {
        header.length = load16(raw + 6, big);
        return header;
    }
    if (room < 12) fail(CDCMTK_TRUNCATED, header.tag, static_cast<int64_t>(position_));
    source_.read(position_ + 8, raw + 8, 4);
    header.length = load32(raw + 8, big);
    header.valueOffset = position_ + 12;
    return header;
}

void Parser::readElement() {
    const Level level = levels_.back();
    const bool isTop = level.node == noNode;
    if (isTop && level.end - position_ < 8 && endsWithPadding()) {
        position_ = level.end;
        return;
    }
    const Header header = readHeader(level.end, level.encoding);
    if (header.tag == 0 && isTop && endsWithPadding()) {
        position_ = level.end;
        return;
    }
    if (header.tag == tags::itemDelimiter) {
        position_ += 8;
        if (level.isDelimited) close(position_ - 8);
        return;
    }
    if (header.tag == tags::sequenceDelimiter) {
        // Left for the sequence where the item's own delimiter is missing; otherwise stray.
        if (level.isDelimited) {
            close(position_);
        } else {
            position_ += 8;
        }
        return;
    }
    if (groupOf(header.tag) == 0xFFFE) fail(CDCMTK_UNDECODABLE, header.tag, static_cast<int64_t>(position_));
    addElement(header);
}

void Parser::addElement(Header header) {
    const Level level = levels_.back();
    const bool isUndefined = header.length == undefinedLength;
    const uint64_t room = level.end - std::min(level.end, header.valueOffset);
    if (!isUndefined && header.length > room) {
        fail(CDCMTK_TRUNCATED, header.tag, static_cast<int64_t>(position_));
    }
    const bool isPixels = header.tag == tags::pixels;
    if (isUndefined && isPixels && header.vr != VR::SQ) {
        // Some writers leave the data set implicit around compressed pixels.
        const uint32_t node = add({header.valueOffset, 0, header.tag, 0, VR::OB, false, true});
        position_ = header.valueOffset;
        push({Holds::fragments, true, header.encoding, node, level.end});
        return;
    }
    if (header.vr != VR::SQ && !isUndefined) return addLeaf(header, header.vr);

    // An undefined length of unknown representation is a sequence in implicit little endian (PS3.5 §6.2.2 note 4).
    const bool isUnknown = header.vr == VR::UN && !level.encoding.isImplicit;
    const Encoding inner = isUnknown ? Encoding{true, false} : level.encoding;
    const uint32_t node = add({header.valueOffset, header.length, header.tag, 0, VR::SQ, inner.isBigEndian, false});
    position_ = header.valueOffset;
    push({Holds::items, isUndefined, inner, node, isUndefined ? level.end : position_ + header.length});
}

void Parser::addLeaf(const Header &header, VR stated) {
    if (stated == VR::UN && tryUnknownSequence(header)) return;

    bool isBigEndian = header.encoding.isBigEndian;
    VR vr = stated;
    if (stated == VR::UN && !header.encoding.isImplicit) {
        // What passed through a system that did not know the tag is implicit little endian inside.
        const VR known = dictionaryVR(header.tag);
        if (known != VR::SQ) vr = known;
        isBigEndian = false;
    }
    add({header.valueOffset, header.length, header.tag, 0, vr, isBigEndian, false});
    position_ = header.valueOffset + header.length;
}

bool Parser::tryUnknownSequence(const Header &header) {
    if (header.length < 8 || levels_.size() + 2 > 2 * limits::nestingDepthMax) return false;
    uint8_t raw[4];
    source_.read(header.valueOffset, raw, 4);
    if (load16(raw, false) != 0xFFFE || load16(raw + 2, false) != 0xE000) return false;

    const size_t nodeCount = index_.nodes.size(), floor = levels_.size();
    const uint64_t start = position_;
    // Each attempt recurses once per level of nesting, so the depth limit bounds the call stack too.
    try {
        const uint32_t node = add({header.valueOffset, header.length, header.tag, 0, VR::SQ, false, false});
        position_ = header.valueOffset;
        push({Holds::items, false, Encoding{true, false}, node, position_ + header.length});
        run(floor);
        return true;
    } catch (const Failure &failure) {
        if (failure.code == CDCMTK_IO || index_.nodes.size() >= limits::elementCountMax) throw;
        index_.nodes.resize(nodeCount);
        levels_.resize(floor);
        position_ = start;
        return false;
    }
}

void Parser::readItem() {
    const Level level = levels_.back();
    const Header header = readHeader(level.end, level.encoding);
    if (header.tag == tags::sequenceDelimiter) {
        position_ += 8;
        if (level.isDelimited) close(position_ - 8);
        return;
    }
    if (header.tag != tags::item) {
        fail(CDCMTK_UNDECODABLE, index_.nodes[level.node].tag, static_cast<int64_t>(position_));
    }
    const bool isUndefined = header.length == undefinedLength;
    if (!isUndefined && header.length > level.end - header.valueOffset) {
        fail(CDCMTK_TRUNCATED, index_.nodes[level.node].tag, static_cast<int64_t>(position_));
    }
    const uint32_t node =
        add({header.valueOffset, header.length, tags::item, 0, VR::item, level.encoding.isBigEndian, false});
    position_ = header.valueOffset;
    push({Holds::elements, isUndefined, level.encoding, node, isUndefined ? level.end : position_ + header.length});
}

void Parser::readFragment() {
    const Level level = levels_.back();
    const Header header = readHeader(level.end, level.encoding);
    if (header.tag == tags::sequenceDelimiter) {
        position_ += 8;
        close(position_ - 8);
        return;
    }
    if (header.tag != tags::item) fail(CDCMTK_UNDECODABLE, tags::pixels, static_cast<int64_t>(position_));
    if (header.length > level.end - header.valueOffset) {
        fail(CDCMTK_TRUNCATED, tags::pixels, static_cast<int64_t>(position_));
    }
    add({header.valueOffset, header.length, tags::item, 0, VR::OB, level.encoding.isBigEndian, false});
    position_ = header.valueOffset + header.length;
}

uint64_t Parser::readMeta(uint64_t start, bool stopsAtStatedLength) {
    position_ = start;
    levels_.push_back({Holds::elements, false, Encoding{false, false}, noNode, source_.size()});
    uint64_t statedEnd = 0;
    while (source_.size() - position_ >= 8) {
        uint8_t raw[2];
        source_.read(position_, raw, 2);
        if (load16(raw, false) != 2) break;
        if (stopsAtStatedLength && position_ == statedEnd) break;
        const Header header = readHeader(source_.size(), levels_.back().encoding);
        if (header.length == undefinedLength) fail(CDCMTK_UNDECODABLE, header.tag, static_cast<int64_t>(position_));
        addElement(header);
        // A sequence has no place here; its levels would outlive the loop.
        if (levels_.size() != 1) fail(CDCMTK_UNDECODABLE, header.tag, static_cast<int64_t>(position_));
        if (header.tag == tags::metaLength && header.length == 4) {
            uint8_t value[4];
            source_.read(header.valueOffset, value, 4);
            statedEnd = position_ + load32(value, false);
        }
    }
    levels_.clear();
    return position_;
}

}  // namespace collimator
