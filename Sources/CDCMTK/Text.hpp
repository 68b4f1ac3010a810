// Text values: the trimming rules of PS3.5 §6.2 and the splitting of several values.
#pragma once

#include "Charset.hpp"
#include "Index.hpp"

namespace collimator {

/// A value as bytes without the padding at both ends, undecoded; for identifiers and code strings.
std::string plainText(const Source &source, const Node &node);

/// The values of a text element in UTF-8, trimmed; empty ones kept in their place.
std::vector<std::string> textValues(const Source &source, const Node &node, const Charset &charset);

/// The values of any element as text: numbers in decimal, tags in hexadecimal, nothing for binary ones.
std::vector<std::string> displayValues(const Source &source, const Node &node, const Charset &charset);

std::string hexTag(Tag tag);

/// The first number of a numeric or number-as-text element; fails never, false where there is none.
bool firstNumber(const Source &source, const Node &node, double &number);

/// Every number of an element, up to `most`.
std::vector<double> numbers(const Source &source, const Node &node, size_t most);

/// Reads one value of a binary number representation.
double binaryNumber(const uint8_t *raw, VR vr, bool isBigEndian);

/// Reads one attribute tag.
Tag tagValue(const uint8_t *raw, bool isBigEndian);

/// Appends the shortest text that reads back as the number.
void appendNumberText(std::string &out, double number);

/// Whether the text is a decimal string (PS3.5 §6.2); if so its form as a JSON number.
bool jsonDecimal(const std::string &text, std::string &number);
bool jsonInteger(const std::string &text, std::string &number);

}  // namespace collimator
