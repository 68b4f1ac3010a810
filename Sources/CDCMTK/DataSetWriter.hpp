// Writes a data set, little endian, in implicit or explicit VR.
#pragma once

#include <map>

#include "Codecs.hpp"
#include "Output.hpp"

namespace collimator {

/// Elements that are written instead of those of the file; none means that the element is left out.
struct Replacement {
    VR vr;
    Bytes value;
};
using Replacements = std::map<Tag, std::optional<Replacement>>;

Replacement textReplacement(VR vr, const std::string &text);
Replacement numberReplacement(uint64_t number);
/// What changes in the image module once the pixels are those of `frame`.
Replacements imageReplacements(const ImageDescription &image, const DecodedFrame &frame);

class DataSetWriter {
   public:
    DataSetWriter(const Object &object, Output &output, bool isImplicit)
        : object_(object), output_(output), isImplicit_(isImplicit) {}

    /// The elements before and after top-level pixel data; pixels themselves are the caller's when they are replaced.
    void writeElements(const std::vector<uint32_t> &elements, Range dataSet, const Replacements &replacements);
    void writeHeader(Tag tag, VR vr, uint64_t length);
    void writeUndefined(Tag tag, VR vr);
    void writeValue(Tag tag, const Replacement &value);

   private:
    void writeElement(uint32_t element, Range dataSet);
    void writeSequence(uint32_t sequence);
    void writeItem(uint32_t item);
    void writeLeaf(const Node &node, size_t unit);

    const Object &object_;
    Output &output_;
    bool isImplicit_;
};

}  // namespace collimator
