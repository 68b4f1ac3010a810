// Reads the structure of a data set without recursion on the file's nesting.
#pragma once

#include "Index.hpp"

namespace collimator {

/// How a stretch of a file is encoded.
struct Encoding {
    bool isImplicit;
    bool isBigEndian;
};

/// Turns a stretch of a file into index nodes.
///
/// Nested sequences live on a stack of our own with a fixed depth; every length is checked against what encloses it
/// before anything is done with it.
class Parser {
   public:
    Parser(const Source &source, Index &index) : source_(source), index_(index) {}

    /// Reads a data set that ends where the file ends.
    void readDataSet(uint64_t start, uint64_t end, Encoding encoding);
    /// Reads explicit little-endian elements of group 0002; returns where the data set begins.
    uint64_t readMeta(uint64_t start, bool stopsAtStatedLength);

   private:
    enum class Holds : uint8_t { elements, items, fragments };
    static constexpr uint32_t noNode = UINT32_MAX;

    struct Level {
        Holds holds;
        bool isDelimited;
        Encoding encoding;
        uint32_t node;
        uint64_t end;
    };

    struct Header {
        Tag tag;
        VR vr;
        uint32_t length;
        uint64_t valueOffset;
        Encoding encoding;
    };

    void run(size_t floor);
    void readElement();
    void readItem();
    void readFragment();
    Header readHeader(uint64_t limit, Encoding encoding) const;
    bool looksLong(uint8_t *raw, uint64_t room, bool isBigEndian) const;
    void addElement(Header header);
    void addLeaf(const Header &header, VR vr);
    bool tryUnknownSequence(const Header &header);
    bool endsWithPadding() const;
    uint32_t add(Node node);
    void push(Level level);
    void close(uint64_t valueEnd);

    const Source &source_;
    Index &index_;
    uint64_t position_ = 0;
    std::vector<Level> levels_;
};

/// Replaces the ambiguous value representations of implicit data sets by definite ones (PS3.6, "US or SS").
void resolveAmbiguous(const Source &source, Index &index);

}  // namespace collimator
