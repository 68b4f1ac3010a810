#include "Charset.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace collimator {

namespace {

struct Term {
    const char *digits;
    CharacterSet set;
};

constexpr Term registrations[] = {
    {"6", CharacterSet::ascii},    {"100", CharacterSet::latin1},  {"101", CharacterSet::latin2},
    {"109", CharacterSet::latin3}, {"110", CharacterSet::latin4},  {"144", CharacterSet::cyrillic},
    {"127", CharacterSet::arabic}, {"126", CharacterSet::greek},   {"138", CharacterSet::hebrew},
    {"148", CharacterSet::latin5}, {"203", CharacterSet::latin9},  {"166", CharacterSet::thai},
    {"13", CharacterSet::katakana}, {"14", CharacterSet::katakana}, {"87", CharacterSet::japanese},
    {"159", CharacterSet::japaneseSupplement}, {"149", CharacterSet::korean},
    {"58", CharacterSet::simplifiedChinese}, {"192", CharacterSet::utf8},
};

/// Letters and digits only, upper case: "ISO_IR 100", "ISO-IR-100" and "iso ir 100" are one term.
std::string normalised(const std::string &term) {
    std::string result;
    for (const char c : term) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            result.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
        }
    }
    return result;
}

CharacterSet setNamed(const std::string &term) {
    const std::string name = normalised(term);
    if (name == "GB18030" || name == "GBK" || name == "ISO2022GBK" || name == "ISO2022GB18030") {
        return CharacterSet::gb18030;
    }
    if (name == "UTF8") return CharacterSet::utf8;
    if (name.rfind("ISO8859", 0) == 0 && name.size() == 8) {
        constexpr CharacterSet parts[] = {CharacterSet::latin1, CharacterSet::latin2, CharacterSet::latin3,
                                          CharacterSet::latin4, CharacterSet::cyrillic, CharacterSet::arabic,
                                          CharacterSet::greek, CharacterSet::hebrew, CharacterSet::latin5};
        const int part = name[7] - '1';
        return part >= 0 && part < 9 ? parts[part] : CharacterSet::none;
    }
    for (const char *prefix : {"ISOIR", "ISO2022IR", "ISO2022", "ISO"}) {
        const size_t length = std::strlen(prefix);
        if (name.compare(0, length, prefix) != 0) continue;
        for (const Term &term : registrations) {
            if (name.compare(length, std::string::npos, term.digits) == 0) return term.set;
        }
    }
    return CharacterSet::none;
}

bool isWhole(CharacterSet set) { return set == CharacterSet::utf8 || set == CharacterSet::gb18030; }

/// Sets that live in the upper half of the code table.
bool isUpper(CharacterSet set) {
    return set != CharacterSet::none && set != CharacterSet::ascii && set != CharacterSet::japanese &&
           set != CharacterSet::japaneseSupplement;
}

struct Escape {
    const char *bytes;
    CharacterSet set;
    bool isUpper;
};

/// PS3.3 tables C.12-3 and C.12-4. The katakana set's lower half is taken as ASCII, as every reader does.
constexpr Escape escapes[] = {
    {"(B", CharacterSet::ascii, false},        {"(J", CharacterSet::ascii, false},
    {")I", CharacterSet::katakana, true},      {"-A", CharacterSet::latin1, true},
    {"-B", CharacterSet::latin2, true},        {"-C", CharacterSet::latin3, true},
    {"-D", CharacterSet::latin4, true},        {"-L", CharacterSet::cyrillic, true},
    {"-G", CharacterSet::arabic, true},        {"-F", CharacterSet::greek, true},
    {"-H", CharacterSet::hebrew, true},        {"-M", CharacterSet::latin5, true},
    {"-b", CharacterSet::latin9, true},        {"-T", CharacterSet::thai, true},
    {"$B", CharacterSet::japanese, false},     {"$@", CharacterSet::japanese, false},
    {"$(D", CharacterSet::japaneseSupplement, false},
    {"$)C", CharacterSet::korean, true},       {"$)A", CharacterSet::simplifiedChinese, true},
};

const Escape *escapeAt(const uint8_t *bytes, size_t count) {
    for (const Escape &escape : escapes) {
        const size_t length = std::strlen(escape.bytes);
        if (count > length && std::memcmp(bytes + 1, escape.bytes, length) == 0) return &escape;
    }
    return nullptr;
}

constexpr uint8_t escapeByte = 0x1B;

void appendLatin1(std::string &out, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        if (bytes[i] != 0) appendUTF8(out, bytes[i]);
    }
}

}  // namespace

Charset::Charset(const std::vector<std::string> &terms) {
    for (size_t i = 0; i < terms.size() && i < 16; ++i) {
        const CharacterSet set = setNamed(terms[i]);
        if (i == 0 && isUpper(set)) initial_ = set;
        if (fallback_ == CharacterSet::none && isUpper(set) && !isWhole(set)) fallback_ = set;
    }
}

std::string Charset::decode(const uint8_t *bytes, size_t count, bool isPersonName) const {
    const auto isPlain = [](uint8_t byte) { return byte >= 0x20 && byte < 0x7F; };
    if (std::all_of(bytes, bytes + count, isPlain)) return {reinterpret_cast<const char *>(bytes), count};

    std::string out;
    if (initial_ == CharacterSet::gb18030) {
        appendConverted(out, initial_, bytes, count);
        out.erase(std::remove(out.begin(), out.end(), '\0'), out.end());
        return out;
    }
    const bool hasEscape = std::memchr(bytes, escapeByte, count) != nullptr;
    const bool declaresNothing = initial_ == CharacterSet::none && fallback_ == CharacterSet::none && !hasEscape;
    if (initial_ != CharacterSet::utf8 && !declaresNothing) return decodeSegments(bytes, count, isPersonName);
    if (!isUTF8(bytes, count)) {
        appendLatin1(out, bytes, count);
        return out;
    }
    out.assign(reinterpret_cast<const char *>(bytes), count);
    out.erase(std::remove(out.begin(), out.end(), '\0'), out.end());
    return out;
}

std::string Charset::decodeSegments(const uint8_t *bytes, size_t count, bool isPersonName) const {
    std::string out;
    CharacterSet lower = CharacterSet::ascii, upper = initial_;
    for (size_t i = 0; i < count;) {
        const uint8_t byte = bytes[i];
        if (byte == escapeByte) {
            if (const Escape *escape = escapeAt(bytes + i, count - i)) {
                (escape->isUpper ? upper : lower) = escape->set;
                i += 1 + std::strlen(escape->bytes);
                continue;
            }
        }
        const bool isControl = byte < 0x20;
        if (isControl || (byte < 0x80 && lower == CharacterSet::ascii)) {
            // PS3.5 §6.1.2.5.3: at the end of a line, page, value or name component the first set is back in use.
            const bool isDelimiter = byte == '\\' || (isPersonName && (byte == '^' || byte == '='));
            if (isDelimiter || (isControl && byte != escapeByte)) {
                lower = CharacterSet::ascii;
                upper = initial_;
            }
            if (byte != 0) out.push_back(static_cast<char>(byte));
            ++i;
            continue;
        }
        const bool isUpperHalf = byte >= 0x80;
        size_t end = i + 1;
        while (end < count && bytes[end] >= 0x20 && (bytes[end] >= 0x80) == isUpperHalf) ++end;
        const CharacterSet usual = upper != CharacterSet::none ? upper : fallback_;
        const CharacterSet set = isUpperHalf ? (usual == CharacterSet::none ? CharacterSet::latin1 : usual) : lower;
        appendConverted(out, set, bytes + i, end - i);
        i = end;
    }
    return out;
}

}  // namespace collimator
