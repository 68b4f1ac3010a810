// The index of one file: where every element lies, in file order, children after their parent.
#pragma once

#include <optional>

#include "Source.hpp"
#include "VR.hpp"

namespace collimator {

/// One element, item or fragment.
struct Node {
    uint64_t offset;
    /// Bytes of the value, without a closing delimiter.
    uint64_t length;
    Tag tag;
    /// One past the last descendant.
    uint32_t end;
    VR vr;
    bool isBigEndian;
    /// Pixel data in fragments: the children are the offset table and the fragments.
    bool isEncapsulated;
};

/// The children of one node: a data set, the items of a sequence or fragments.
struct Range {
    uint32_t first;
    uint32_t end;
};

class Index {
   public:
    const Node &operator[](uint32_t i) const { return nodes[i]; }
    Range children(uint32_t i) const { return {i + 1, nodes[i].end}; }
    uint32_t next(uint32_t i) const { return nodes[i].end; }

    /// The first element with the tag, as a position in the index.
    std::optional<uint32_t> find(Range dataSet, Tag tag) const;
    std::optional<uint32_t> findTop(Tag tag) const;
    /// The number of children on one level.
    size_t count(Range range) const;
    std::optional<uint32_t> child(Range range, size_t number) const;
    /// The elements of a data set by tag: the first of several with one tag, no group length, no padding.
    std::vector<uint32_t> sorted(Range dataSet) const;

    std::vector<Node> nodes;
    /// The top level with the file meta information in front, by tag.
    std::vector<uint32_t> top;
    /// Where the nodes of the data set begin: those before are file meta information.
    uint32_t dataSetStart = 0;
    bool isImplicit = false;
    bool isBigEndian = false;
    bool isDeflated = false;
    /// "" where the file does not say.
    std::string statedTransferSyntax;

    Range meta() const { return {0, dataSetStart}; }
    Range dataSet() const { return {dataSetStart, static_cast<uint32_t>(nodes.size())}; }
};

/// Reads the structure of a file. A deflated one replaces `source` by its inflated form.
Index readIndex(Source &source, const char *path);

}  // namespace collimator
