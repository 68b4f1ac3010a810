// Conversion of single sets, by tables for those of one byte and by iconv for the others.
#include <iconv.h>

#include <algorithm>
#include <cerrno>

#include "Charset.hpp"

namespace collimator {

namespace {

constexpr uint32_t replacement = 0xFFFD;

/// In the order of `CharacterSet`; null where no table or conversion is needed.
constexpr const char *names[] = {
    nullptr,      "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6",
    "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-15", "TIS-620",   "SHIFT_JIS",  "EUC-JP",
    "EUC-JP",     "EUC-KR",     "GB2312",     nullptr,      "GB18030",    nullptr,
};

constexpr size_t oneByteFirst = static_cast<size_t>(CharacterSet::latin1);
constexpr size_t oneByteEnd = static_cast<size_t>(CharacterSet::katakana) + 1;

/// Code points of the bytes 0x80 to 0xFF; written once by `loadCharacterSets`.
uint16_t oneByteTables[oneByteEnd - oneByteFirst][128];

/// One descriptor per set and thread: iconv keeps state and must not be shared.
class Converters {
   public:
    ~Converters() {
        for (const iconv_t converter : open_) {
            if (converter != nullptr) iconv_close(converter);
        }
    }

    /// Null where the system lacks the conversion.
    iconv_t get(CharacterSet set) {
        iconv_t &slot = open_[static_cast<size_t>(set)];
        if (slot == nullptr) {
            const iconv_t made = iconv_open("UTF-8", names[static_cast<size_t>(set)]);
            if (made == reinterpret_cast<iconv_t>(-1)) return nullptr;
            slot = made;
        }
        iconv(slot, nullptr, nullptr, nullptr, nullptr);
        return slot;
    }

   private:
    iconv_t open_[static_cast<size_t>(CharacterSet::none) + 1] = {};
};

thread_local Converters converters;

void appendByIconv(std::string &out, CharacterSet set, Bytes bytes) {
    const iconv_t converter = converters.get(set);
    char *in = reinterpret_cast<char *>(bytes.data());
    size_t left = bytes.size();
    while (left > 0) {
        char buffer[512];
        char *to = buffer;
        size_t room = sizeof buffer;
        const size_t result =
            converter == nullptr ? static_cast<size_t>(-1) : iconv(converter, &in, &left, &to, &room);
        const bool isFull = converter != nullptr && result == static_cast<size_t>(-1) && errno == E2BIG;
        out.append(buffer, sizeof buffer - room);
        if (result != static_cast<size_t>(-1) || isFull) continue;
        appendUTF8(out, replacement);
        ++in;
        --left;
    }
}

/// The two-byte sets of the lower half, moved to where EUC has them.
Bytes asEUC(CharacterSet set, const uint8_t *bytes, size_t count) {
    Bytes result;
    result.reserve(count + count / 2);
    for (size_t i = 0; i < count; ++i) {
        const bool isPairStart = bytes[i] > 0x20 && i + 1 < count;
        if (!isPairStart) {
            result.push_back(bytes[i]);
            continue;
        }
        if (set == CharacterSet::japaneseSupplement) result.push_back(0x8F);
        result.push_back(bytes[i] | 0x80);
        result.push_back(bytes[i + 1] | 0x80);
        ++i;
    }
    return result;
}

}  // namespace

void appendUTF8(std::string &out, uint32_t scalar) {
    if (scalar < 0x80) {
        out.push_back(static_cast<char>(scalar));
        return;
    }
    if (scalar < 0x800) {
        out.push_back(static_cast<char>(0xC0 | scalar >> 6));
    } else {
        if (scalar < 0x10000) {
            out.push_back(static_cast<char>(0xE0 | scalar >> 12));
        } else {
            out.push_back(static_cast<char>(0xF0 | scalar >> 18));
            out.push_back(static_cast<char>(0x80 | (scalar >> 12 & 0x3F)));
        }
        out.push_back(static_cast<char>(0x80 | (scalar >> 6 & 0x3F)));
    }
    out.push_back(static_cast<char>(0x80 | (scalar & 0x3F)));
}

bool isUTF8(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count;) {
        const uint8_t lead = bytes[i++];
        if (lead < 0x80) continue;
        const size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || count - i < more) return false;
        // The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
        const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (bytes[i] < low || bytes[i] > high) return false;
        for (size_t k = 1; k < more; ++k) {
            if ((bytes[i + k] & 0xC0) != 0x80) return false;
        }
        i += more;
    }
    return true;
}

void appendConverted(std::string &out, CharacterSet set, const uint8_t *bytes, size_t count) {
    const auto number = static_cast<size_t>(set);
    if (number >= oneByteFirst && number < oneByteEnd) {
        for (size_t i = 0; i < count; ++i) {
            appendUTF8(out, bytes[i] < 0x80 ? bytes[i] : oneByteTables[number - oneByteFirst][bytes[i] - 0x80]);
        }
        return;
    }
    if (set == CharacterSet::japanese || set == CharacterSet::japaneseSupplement) {
        return appendByIconv(out, set, asEUC(set, bytes, count));
    }
    appendByIconv(out, set, Bytes(bytes, bytes + count));
}

void loadCharacterSets() {
    for (size_t set = oneByteFirst; set < oneByteEnd; ++set) {
        uint16_t *table = oneByteTables[set - oneByteFirst];
        std::fill_n(table, 128, static_cast<uint16_t>(replacement));
        const iconv_t converter = iconv_open("UTF-16LE", names[set]);
        if (converter == reinterpret_cast<iconv_t>(-1)) continue;
        for (unsigned byte = 0x80; byte < 0x100; ++byte) {
            char in = static_cast<char>(byte);
            uint8_t buffer[4] = {};
            char *from = &in, *to = reinterpret_cast<char *>(buffer);
            size_t left = 1, room = sizeof buffer;
            iconv(converter, nullptr, nullptr, nullptr, nullptr);
            const bool isKnown = iconv(converter, &from, &left, &to, &room) != static_cast<size_t>(-1);
            if (isKnown && room == sizeof buffer - 2) table[byte - 0x80] = load16(buffer, false);
        }
        iconv_close(converter);
    }
}

}  // namespace collimator
