// Specific Character Set (PS3.3 §C.12.1.1.2, PS3.5 §6.1.2): bytes in, UTF-8 out, never a failure.
#pragma once

#include "Core.hpp"

namespace collimator {

/// A set of characters that can be in use.
enum class CharacterSet : uint8_t {
    ascii, latin1, latin2, latin3, latin4, cyrillic, arabic, greek, hebrew, latin5, latin9, thai, katakana,
    japanese, japaneseSupplement, korean, simplifiedChinese, utf8, gb18030, none,
};

/// The character sets that one data set declares.
class Charset {
   public:
    /// The default repertoire.
    Charset() = default;
    /// From the values of (0008,0005); spellings seen in the field are understood, unknown terms ignored.
    explicit Charset(const std::vector<std::string> &terms);

    /// Text in UTF-8. A wrong or missing declaration falls back to valid UTF-8, else to Latin-1.
    std::string decode(const uint8_t *bytes, size_t count, bool isPersonName) const;

   private:
    std::string decodeSegments(const uint8_t *bytes, size_t count, bool isPersonName) const;

    /// In use at the start and after each delimiter: G1, or a set for the whole value.
    CharacterSet initial_ = CharacterSet::none;
    /// Used for high bytes where nothing else was invoked: the first declared extension.
    CharacterSet fallback_ = CharacterSet::none;
};

bool isUTF8(const uint8_t *bytes, size_t count);
void appendUTF8(std::string &out, uint32_t scalar);

/// Converts a run of one set's characters; what the set does not define becomes U+FFFD.
void appendConverted(std::string &out, CharacterSet set, const uint8_t *bytes, size_t count);

/// Fills the tables of the one-byte sets; called once.
void loadCharacterSets();

}  // namespace collimator
