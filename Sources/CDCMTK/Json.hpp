// DICOM JSON (PS3.18 Annex F) from the index of a file.
#pragma once

#include "Text.hpp"

namespace collimator {

class JsonWriter {
   public:
    JsonWriter(const Source &source, const Index &index) : source_(source), index_(index) {}

    /// One object with the wanted top-level elements; null means all of them.
    std::string write(const std::vector<Tag> *wanted);
    /// The top-level sequences that are too large for JSON.
    std::vector<Tag> dropped() const;

   private:
    void writeDataSet(const std::vector<uint32_t> &elements, const Charset &charset);
    void writeElement(uint32_t element, const Charset &charset);
    void writeItems(uint32_t sequence, const Charset &charset);
    void writeText(const Node &node, const Charset &charset);
    void writePersonName(const std::string &value);
    void writeNumbers(const Node &node);
    void writeInline(const Node &node);
    void writeString(const std::string &utf8);
    void writeBulkURI();
    bool isBulk(const Node &node) const;
    bool isDropped(const Node &node) const;
    Charset charsetOf(Range dataSet, const Charset &inherited) const;
    void checkSize() const;

    const Source &source_;
    const Index &index_;
    std::string out_;
    /// Tags and item numbers down to the element being written, "00081140/0/7FE00010".
    std::string path_;
    bool hasForeignText_ = false;
};

}  // namespace collimator
