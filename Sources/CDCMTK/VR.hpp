// Value representations (PS3.5 §6.2) and what the reader must know of each.
#pragma once

#include "Core.hpp"

namespace collimator {

/// The order is that of the table in VR.cpp. Those after UV occur only while an implicit data set is being read.
enum class VR : uint8_t {
    AE, AS, AT, CS, DA, DS, DT, FD, FL, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN,
    SH, SL, SQ, SS, ST, SV, TM, UC, UI, UL, UN, UR, US, UT, UV,
    usOrSs, obOrOw, usOrOw, item, none,
};

enum class Kind : uint8_t { text, personName, decimalText, integerText, tag, number, binary, sequence };

struct VRTraits {
    char name[3];
    Kind kind;
    /// Bytes that are swapped together, and the size of one number.
    uint8_t unit;
    /// 32-bit length after two reserved bytes in explicit VR.
    bool isLong;
    /// A backslash separates values.
    bool isMultiple;
    /// Uses the specific character set (PS3.5 §6.1.2.3).
    bool isEncoded;
    /// Leading spaces say nothing.
    bool ignoresLeadingSpaces;
};

const VRTraits &traits(VR vr);

/// The value representation of two bytes of a file, `VR::none` where they name none.
VR vrNamed(const uint8_t *name);

/// The dictionary's value representation, resolved later for the ambiguous ones; UN for what it does not know.
VR dictionaryVR(Tag tag);

/// Reads the toolkit's dictionary into a table of our own: lookups then need no lock.
void loadDictionary();

}  // namespace collimator
