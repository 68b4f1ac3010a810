// Finds out what kind of file it is: preamble, meta information, transfer syntax; then has it parsed.
#include <algorithm>
#include <cstring>

#include "Parser.hpp"
#include "Text.hpp"

namespace collimator {

namespace {

constexpr const char *implicitLittle = "1.2.840.10008.1.2";
constexpr const char *explicitBig = "1.2.840.10008.1.2.2";
constexpr const char *deflated = "1.2.840.10008.1.2.1.99";
/// Deflated form of JPIP, whose data set is deflated likewise.
constexpr const char *jpipDeflated = "1.2.840.10008.1.2.4.95";

struct Opening {
    uint64_t metaStart;
    bool hasMeta;
};

bool startsData(const uint8_t *raw, uint64_t room) {
    // Without the preamble only a file that begins as an identification group does is taken for DICOM.
    const bool big = raw[0] == 0 && raw[1] == 8;
    if (load16(raw, big) != 8 || load16(raw + 2, big) > 0x0070) return false;
    return vrNamed(raw + 4) != VR::none || load32(raw + 4, big) <= room;
}

Opening findOpening(const Source &source) {
    uint8_t raw[132] = {};
    const auto count = static_cast<size_t>(std::min<uint64_t>(source.size(), sizeof raw));
    source.read(0, raw, count);
    if (count == sizeof raw && std::memcmp(raw + 128, "DICM", 4) == 0) return {132, true};
    if (count < 8) fail(CDCMTK_NOT_DICOM, 0, 0);
    if (std::memcmp(raw, "DICM", 4) == 0) return {4, true};
    if (load16(raw, false) == 2 && vrNamed(raw + 4) != VR::none) return {0, true};
    if (startsData(raw, source.size() - 8)) return {0, false};
    fail(CDCMTK_NOT_DICOM, 0, 0);
}

/// What the first element looks like decides over what the meta information says: both kinds of lie occur.
Encoding detectEncoding(const Source &source, uint64_t start, const std::string &stated) {
    Encoding encoding{stated == implicitLittle, stated == explicitBig};
    if (source.size() - start < 8) return encoding;

    uint8_t raw[8];
    source.read(start, raw, sizeof raw);
    if (stated.empty()) encoding.isBigEndian = raw[0] == 0 && raw[1] != 0;
    const bool hasVR = vrNamed(raw + 4) != VR::none;
    // Four bytes of an implicit length that spell a known representation would be a value of over 16 kB; a first
    // element, from the identification group, is never that long.
    encoding.isImplicit = !hasVR;
    return encoding;
}

std::string readTransferSyntax(const Source &source, const Index &index) {
    const auto found = index.find(index.meta(), tags::transferSyntax);
    return found ? plainText(source, index[*found]) : std::string();
}

void indexTop(Index &index) {
    const auto inMeta = [&](uint32_t i) { return groupOf(index[i].tag) == 2; };
    for (const uint32_t i : index.sorted(index.meta())) {
        if (inMeta(i)) index.top.push_back(i);
    }
    for (const uint32_t i : index.sorted(index.dataSet())) {
        // Groups below 4 belong to messages and file heads, not to data sets.
        if (groupOf(index[i].tag) >= 4) index.top.push_back(i);
    }
}

/// Walks down with the pixel representation that holds for each data set.
class Resolver {
   public:
    Resolver(const Source &source, Index &index) : source_(source), index_(index) {}

    void resolve(Range dataSet, bool isSigned, bool isEight) {
        isSigned = number(dataSet, tags::pixelRepresentation, isSigned ? 1 : 0) == 1;
        isEight = number(dataSet, 0x54001004, isEight ? 8 : 16) == 8;
        for (uint32_t i = dataSet.first; i < dataSet.end; i = index_.next(i)) {
            Node &node = index_.nodes[i];
            if (node.vr == VR::usOrSs) node.vr = isSigned ? VR::SS : VR::US;
            if (node.vr == VR::usOrOw) node.vr = node.length > 2 ? VR::OW : VR::US;
            if (node.vr == VR::obOrOw) {
                const bool isWaveform = groupOf(node.tag) == 0x5400;
                node.vr = isWaveform && isEight ? VR::OB : VR::OW;
            }
            if (node.vr != VR::SQ) continue;
            for (uint32_t item = i + 1; item < index_[i].end; item = index_.next(item)) {
                resolve(index_.children(item), isSigned, isEight);
            }
        }
    }

   private:
    uint16_t number(Range dataSet, Tag tag, uint16_t otherwise) const {
        const auto found = index_.find(dataSet, tag);
        if (!found || index_[*found].length < 2) return otherwise;
        uint8_t raw[2];
        source_.read(index_[*found].offset, raw, 2);
        return load16(raw, index_[*found].isBigEndian);
    }

    const Source &source_;
    Index &index_;
};

bool isAmbiguous(const Node &node) {
    return node.vr == VR::usOrSs || node.vr == VR::usOrOw || node.vr == VR::obOrOw;
}

}  // namespace

void resolveAmbiguous(const Source &source, Index &index) {
    if (std::none_of(index.nodes.begin(), index.nodes.end(), isAmbiguous)) return;
    for (Node &node : index.nodes) {
        // Elements outside the walk below, in the file meta information, take the usual representation.
        if (isAmbiguous(node) && groupOf(node.tag) == 2) node.vr = VR::OB;
    }
    Resolver(source, index).resolve(index.dataSet(), false, false);
}

Index readIndex(Source &source, const char *path) {
    Index index;
    const Opening opening = findOpening(source);
    uint64_t start = opening.metaStart;
    if (opening.hasMeta) {
        start = Parser(source, index).readMeta(opening.metaStart, true);
        index.dataSetStart = static_cast<uint32_t>(index.nodes.size());
        index.statedTransferSyntax = readTransferSyntax(source, index);
    }
    if (index.statedTransferSyntax == deflated || index.statedTransferSyntax == jpipDeflated) {
        source = source.inflatedAfter(start, path);
        index.isDeflated = true;
    }
    const Encoding encoding = detectEncoding(source, start, index.statedTransferSyntax);
    index.isImplicit = encoding.isImplicit;
    index.isBigEndian = encoding.isBigEndian;
    try {
        Parser(source, index).readDataSet(start, source.size(), encoding);
    } catch (const Failure &failure) {
        // A file without any DICOM mark that does not parse either is something else.
        if (!opening.hasMeta && failure.code != CDCMTK_IO) fail(CDCMTK_NOT_DICOM, failure.tag, failure.offset);
        throw;
    }
    resolveAmbiguous(source, index);
    indexTop(index);
    return index;
}

}  // namespace collimator
