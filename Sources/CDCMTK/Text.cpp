#include "Text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace collimator {

namespace {

/// Identifiers and codes are short; what is longer is no identifier and need not be read whole.
constexpr uint64_t plainBytesMax = 4096;

bool isPadding(char c) { return c == ' ' || c == '\0'; }

std::string trimmed(const char *text, size_t count, bool atStart) {
    size_t first = 0;
    while (count > first && isPadding(text[count - 1])) --count;
    while (atStart && first < count && isPadding(text[first])) ++first;
    return {text + first, count - first};
}

/// The parts of a decimal string.
struct Decimal {
    std::string whole, fraction;
    bool isNegative = false;
    long exponent = 0;
};

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool scan(const std::string &text, Decimal &decimal) {
    size_t i = 0;
    const auto digits = [&](std::string &into) {
        while (i < text.size() && isDigit(text[i])) into.push_back(text[i++]);
    };
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) decimal.isNegative = text[i++] == '-';
    digits(decimal.whole);
    if (i < text.size() && text[i] == '.') {
        ++i;
        digits(decimal.fraction);
    }
    if (decimal.whole.empty() && decimal.fraction.empty()) return false;
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        std::string sign(1, '+'), power;
        if (++i < text.size() && (text[i] == '+' || text[i] == '-')) sign[0] = text[i++];
        digits(power);
        if (power.empty() || power.size() > 4) return false;
        decimal.exponent = std::strtol((sign + power).c_str(), nullptr, 10);
    }
    return i == text.size();
}

}  // namespace

std::string plainText(const Source &source, const Node &node) {
    const Bytes bytes = source.bytes(node.offset, std::min(node.length, plainBytesMax));
    return trimmed(reinterpret_cast<const char *>(bytes.data()), bytes.size(), true);
}

std::vector<std::string> textValues(const Source &source, const Node &node, const Charset &charset) {
    const VRTraits &vr = traits(node.vr);
    const Bytes bytes = source.bytes(node.offset, std::min(node.length, limits::textBytesMax));
    static const Charset plain;
    const std::string text =
        (vr.isEncoded ? charset : plain).decode(bytes.data(), bytes.size(), vr.kind == Kind::personName);

    std::vector<std::string> values;
    size_t start = 0;
    while (vr.isMultiple) {
        const size_t end = text.find('\\', start);
        if (end == std::string::npos) break;
        values.push_back(trimmed(text.data() + start, end - start, vr.ignoresLeadingSpaces));
        start = end + 1;
    }
    values.push_back(trimmed(text.data() + start, text.size() - start, vr.ignoresLeadingSpaces));
    return values;
}

bool jsonDecimal(const std::string &text, std::string &number) {
    Decimal decimal;
    // Readers of JSON keep a double: what has no place in one stays text.
    if (!scan(text, decimal) || text.size() > 64 || std::labs(decimal.exponent) > 290) return false;
    const size_t first = std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size());
    number = decimal.isNegative ? "-" : "";
    number += first == decimal.whole.size() ? "0" : decimal.whole.substr(first);
    if (!decimal.fraction.empty()) number += "." + decimal.fraction;
    if (decimal.exponent != 0) number += "e" + std::to_string(decimal.exponent);
    return true;
}

bool jsonInteger(const std::string &text, std::string &number) {
    const auto belongs = [](char c) { return isDigit(c) || c == '+' || c == '-'; };
    const bool isPlain = std::all_of(text.begin(), text.end(), belongs);
    return isPlain && text.size() <= 16 && jsonDecimal(text, number);
}

void appendNumberText(std::string &out, double number) {
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    out.append(buffer, end);
}

std::string hexTag(Tag tag) {
    std::string text(8, '0');
    for (size_t i = 0; i < 8; ++i) text[i] = "0123456789ABCDEF"[tag >> (28 - 4 * i) & 15];
    return text;
}

Tag tagValue(const uint8_t *raw, bool big) { return Tag{load16(raw, big)} << 16 | load16(raw + 2, big); }

std::vector<std::string> displayValues(const Source &source, const Node &node, const Charset &charset) {
    std::vector<std::string> values;
    switch (traits(node.vr).kind) {
        case Kind::sequence: case Kind::binary: return values;
        case Kind::number:
            for (const double number : numbers(source, node, limits::numericValuesMax)) {
                appendNumberText(values.emplace_back(), number);
            }
            return values;
        case Kind::tag: {
            const Bytes bytes = source.bytes(node.offset, std::min(node.length, 4 * limits::numericValuesMax));
            for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
                values.push_back(hexTag(tagValue(bytes.data() + i, node.isBigEndian)));
            }
            return values;
        }
        // Cut anywhere, it might end within a character.
        default: return node.length > limits::textBytesMax ? values : textValues(source, node, charset);
    }
}

double binaryNumber(const uint8_t *raw, VR vr, bool big) {
    switch (vr) {
        case VR::SS: return static_cast<int16_t>(load16(raw, big));
        case VR::US: case VR::OW: return load16(raw, big);
        case VR::SL: return static_cast<int32_t>(load32(raw, big));
        case VR::UL: case VR::OL: return load32(raw, big);
        case VR::SV: return static_cast<double>(static_cast<int64_t>(load64(raw, big)));
        case VR::UV: case VR::OV: return static_cast<double>(load64(raw, big));
        case VR::FL: case VR::OF: {
            const uint32_t bits = load32(raw, big);
            float value;
            std::memcpy(&value, &bits, sizeof value);
            return value;
        }
        case VR::FD: case VR::OD: {
            const uint64_t bits = load64(raw, big);
            double value;
            std::memcpy(&value, &bits, sizeof value);
            return value;
        }
        default: return raw[0];
    }
}

std::vector<double> numbers(const Source &source, const Node &node, size_t most) {
    std::vector<double> result;
    const VRTraits &vr = traits(node.vr);
    if (vr.kind == Kind::number || (vr.kind == Kind::binary && vr.unit > 1)) {
        const size_t count = static_cast<size_t>(std::min<uint64_t>(node.length / vr.unit, most));
        const Bytes bytes = source.bytes(node.offset, count * vr.unit);
        for (size_t i = 0; i < count; ++i) {
            result.push_back(binaryNumber(bytes.data() + i * vr.unit, node.vr, node.isBigEndian));
        }
        return result;
    }
    if (vr.kind == Kind::sequence) return result;
    std::string number;
    for (const std::string &text : textValues(source, node, Charset())) {
        if (result.size() == most || !jsonDecimal(text, number)) break;
        // Not strtod: it follows the process's locale.
        double value = 0;
        std::from_chars(number.data(), number.data() + number.size(), value);
        result.push_back(value);
    }
    return result;
}

bool firstNumber(const Source &source, const Node &node, double &number) {
    const std::vector<double> all = numbers(source, node, 1);
    if (all.empty() || !std::isfinite(all[0])) return false;
    number = all[0];
    return true;
}

}  // namespace collimator
