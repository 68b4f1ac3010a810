#include "Json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

namespace collimator {

namespace {

constexpr char hexDigits[] = "0123456789ABCDEF";
constexpr char unicodeCharset[] = R"("00080005":{"vr":"CS","Value":["ISO_IR 192"]})";

void appendBase64(std::string &out, const Bytes &bytes) {
    constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t left = bytes.size() - i;
        const uint32_t group = uint32_t{bytes[i]} << 16 | (left > 1 ? uint32_t{bytes[i + 1]} << 8 : 0) |
                               (left > 2 ? uint32_t{bytes[i + 2]} : 0);
        out.push_back(alphabet[group >> 18]);
        out.push_back(alphabet[group >> 12 & 63]);
        out.push_back(left > 1 ? alphabet[group >> 6 & 63] : '=');
        out.push_back(left > 2 ? alphabet[group & 63] : '=');
    }
}

template <typename Number>
void appendNumber(std::string &out, Number number) {
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    out.append(buffer, end);
}

/// 64-bit integers beyond what a double holds exactly are written as text (PS3.18 table F.2.3-1).
template <typename Number>
void appendWide(std::string &out, Number number) {
    constexpr int64_t exact = int64_t{1} << 53;
    const bool isExact = number <= static_cast<Number>(exact) &&
                         (std::is_unsigned_v<Number> || static_cast<int64_t>(number) >= -exact);
    if (!isExact) out.push_back('"');
    appendNumber(out, number);
    if (!isExact) out.push_back('"');
}

}  // namespace

void JsonWriter::checkSize() const {
    if (out_.size() > limits::jsonBytesMax) fail(CDCMTK_TOO_LARGE);
}

std::string JsonWriter::write(const std::vector<Tag> *wanted) {
    std::vector<uint32_t> elements;
    for (const uint32_t i : index_.top) {
        const bool isWanted = wanted == nullptr || std::binary_search(wanted->begin(), wanted->end(), index_[i].tag);
        if (isWanted) elements.push_back(i);
    }
    const Charset charset = charsetOf(index_.dataSet(), Charset());
    out_ = "{";
    // The text is UTF-8 whatever the file was: say so also where the file said nothing (PS3.18 §F.2.2).
    const bool isStated = index_.findTop(tags::specificCharacterSet).has_value();
    const auto after = std::find_if(elements.begin(), elements.end(), [this](uint32_t i) {
        return index_[i].tag > tags::specificCharacterSet;
    });
    writeDataSet({elements.begin(), after}, charset);
    const size_t place = out_.size();
    writeDataSet({after, elements.end()}, charset);
    const bool needsCharset = hasForeignText_ && !isStated && wanted == nullptr;
    if (needsCharset) {
        const std::string before = place > 1 ? "," : "", behind = place == 1 && out_.size() > place ? "," : "";
        out_.insert(place, before + unicodeCharset + behind);
    }
    out_.push_back('}');
    return std::move(out_);
}

std::vector<Tag> JsonWriter::dropped() const {
    std::vector<Tag> result;
    for (const uint32_t i : index_.top) {
        if (isDropped(index_[i])) result.push_back(index_[i].tag);
    }
    return result;
}

bool JsonWriter::isDropped(const Node &node) const {
    return node.vr == VR::SQ && node.length > limits::jsonSequenceBytesMax;
}

bool JsonWriter::isBulk(const Node &node) const {
    if (node.isEncapsulated) return true;
    if (node.length == 0) return false;
    if (tags::isPixelData(node.tag)) return true;
    const VRTraits &vr = traits(node.vr);
    switch (vr.kind) {
        case Kind::tag: return node.length / 4 > limits::numericValuesMax;
        case Kind::number: return node.length / vr.unit > limits::numericValuesMax;
        case Kind::binary: {
            const bool isAlways = node.vr == VR::OB || node.vr == VR::OW || node.vr == VR::UN;
            return isAlways || node.length > limits::inlineBinaryBytesMax;
        }
        case Kind::sequence: return false;
        default: return node.length > limits::textBytesMax;
    }
}

Charset JsonWriter::charsetOf(Range dataSet, const Charset &inherited) const {
    const auto found = index_.find(dataSet, tags::specificCharacterSet);
    if (!found || index_[*found].length == 0) return inherited;
    return Charset(textValues(source_, index_[*found], Charset()));
}

void JsonWriter::writeDataSet(const std::vector<uint32_t> &elements, const Charset &charset) {
    for (const uint32_t element : elements) {
        if (isDropped(index_[element])) continue;
        if (out_.back() != '{') out_.push_back(',');
        writeElement(element, charset);
        checkSize();
    }
}

void JsonWriter::writeElement(uint32_t element, const Charset &charset) {
    const Node &node = index_[element];
    const std::string tag = hexTag(node.tag);
    if (node.tag == tags::specificCharacterSet) {
        out_ += unicodeCharset;
        return;
    }
    const VRTraits &vr = traits(node.vr);
    out_ += "\"" + tag + "\":{\"vr\":\"" + vr.name + "\"";
    const size_t pathLength = path_.size();
    path_ += tag;
    if (isBulk(node)) {
        writeBulkURI();
    } else if (vr.kind == Kind::sequence) {
        writeItems(element, charset);
    } else if (node.length > 0) {
        switch (vr.kind) {
            case Kind::binary: writeInline(node); break;
            case Kind::number: case Kind::tag: writeNumbers(node); break;
            default: writeText(node, charset);
        }
    }
    path_.resize(pathLength);
    out_.push_back('}');
}

void JsonWriter::writeBulkURI() { out_ += ",\"BulkDataURI\":\"bulkdata/" + path_ + "\""; }

void JsonWriter::writeItems(uint32_t sequence, const Charset &charset) {
    const Range items = index_.children(sequence);
    if (items.first == items.end) return;
    out_ += ",\"Value\":[";
    const size_t pathLength = path_.size();
    size_t number = 0;
    for (uint32_t item = items.first; item < items.end; item = index_.next(item)) {
        if (number > 0) out_.push_back(',');
        path_ += "/" + std::to_string(number++) + "/";
        out_.push_back('{');
        const Range children = index_.children(item);
        writeDataSet(index_.sorted(children), charsetOf(children, charset));
        out_.push_back('}');
        path_.resize(pathLength);
    }
    out_.push_back(']');
}

void JsonWriter::writeString(const std::string &utf8) {
    out_.push_back('"');
    for (const char c : utf8) {
        const auto byte = static_cast<uint8_t>(c);
        if (byte == '"' || byte == '\\') {
            out_.push_back('\\');
            out_.push_back(c);
        } else if (byte < 0x20 || byte == 0x7F) {
            switch (c) {
                case '\n': out_ += "\\n"; break;
                case '\r': out_ += "\\r"; break;
                case '\t': out_ += "\\t"; break;
                default:
                    out_ += "\\u00";
                    out_.push_back(hexDigits[byte >> 4]);
                    out_.push_back(hexDigits[byte & 15]);
            }
        } else {
            hasForeignText_ = hasForeignText_ || byte >= 0x80;
            out_.push_back(c);
        }
    }
    out_.push_back('"');
}

void JsonWriter::writeText(const Node &node, const Charset &charset) {
    const std::vector<std::string> values = textValues(source_, node, charset);
    const bool isEmpty = std::all_of(values.begin(), values.end(), [](const auto &value) { return value.empty(); });
    if (isEmpty) return;

    const Kind kind = traits(node.vr).kind;
    std::string number;
    out_ += ",\"Value\":[";
    for (size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out_.push_back(',');
        if (values[i].empty()) {
            out_ += "null";
        } else if (kind == Kind::personName) {
            writePersonName(values[i]);
        } else if (kind == Kind::decimalText && jsonDecimal(values[i], number)) {
            out_ += number;
        } else if (kind == Kind::integerText && jsonInteger(values[i], number)) {
            out_ += number;
        } else {
            writeString(values[i]);
        }
    }
    out_.push_back(']');
}

void JsonWriter::writePersonName(const std::string &value) {
    constexpr const char *groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    out_.push_back('{');
    size_t start = 0;
    for (size_t i = 0; i < 3 && start <= value.size(); ++i) {
        // What follows the third group has no name in JSON; it stays with the third.
        const size_t end = i == 2 ? value.size() : std::min(value.find('=', start), value.size());
        std::string group = value.substr(start, end - start);
        while (!group.empty() && group.back() == ' ') group.pop_back();
        if (!group.empty()) {
            if (out_.back() != '{') out_.push_back(',');
            out_ += std::string("\"") + groups[i] + "\":";
            writeString(group);
        }
        start = end + 1;
    }
    out_.push_back('}');
}

void JsonWriter::writeNumbers(const Node &node) {
    const VRTraits &vr = traits(node.vr);
    const size_t unit = vr.kind == Kind::tag ? 4 : vr.unit;
    const Bytes bytes = source_.bytes(node.offset, node.length);
    const size_t count = bytes.size() / unit;
    if (count == 0) return;
    for (size_t i = 0; i < count && (node.vr == VR::FL || node.vr == VR::FD); ++i) {
        // JSON has no word for these.
        if (!std::isfinite(binaryNumber(bytes.data() + i * unit, node.vr, node.isBigEndian))) return writeInline(node);
    }
    out_ += ",\"Value\":[";
    for (size_t i = 0; i < count; ++i) {
        if (i > 0) out_.push_back(',');
        const uint8_t *raw = bytes.data() + i * unit;
        switch (node.vr) {
            case VR::AT: {
                out_ += "\"" + hexTag(tagValue(raw, node.isBigEndian)) + "\"";
                break;
            }
            case VR::SV: appendWide(out_, static_cast<int64_t>(load64(raw, node.isBigEndian))); break;
            case VR::UV: appendWide(out_, load64(raw, node.isBigEndian)); break;
            case VR::FL: appendNumber(out_, static_cast<float>(binaryNumber(raw, VR::FL, node.isBigEndian))); break;
            case VR::FD: appendNumber(out_, binaryNumber(raw, VR::FD, node.isBigEndian)); break;
            default: appendNumber(out_, static_cast<int64_t>(binaryNumber(raw, node.vr, node.isBigEndian)));
        }
    }
    out_.push_back(']');
}

void JsonWriter::writeInline(const Node &node) {
    Bytes bytes = source_.bytes(node.offset, node.length);
    if (node.isBigEndian) swapUnits(bytes.data(), bytes.size(), traits(node.vr).unit);
    out_ += ",\"InlineBinary\":\"";
    appendBase64(out_, bytes);
    out_.push_back('"');
}

}  // namespace collimator
