#include "VR.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcvr.h>

#include <algorithm>

namespace collimator {

namespace {

constexpr VRTraits table[] = {
    {"AE", Kind::text, 1, false, true, false, true},
    {"AS", Kind::text, 1, false, true, false, false},
    {"AT", Kind::tag, 2, false, false, false, false},
    {"CS", Kind::text, 1, false, true, false, true},
    {"DA", Kind::text, 1, false, true, false, false},
    {"DS", Kind::decimalText, 1, false, true, false, true},
    {"DT", Kind::text, 1, false, true, false, false},
    {"FD", Kind::number, 8, false, false, false, false},
    {"FL", Kind::number, 4, false, false, false, false},
    {"IS", Kind::integerText, 1, false, true, false, true},
    {"LO", Kind::text, 1, false, true, true, true},
    {"LT", Kind::text, 1, false, false, true, false},
    {"OB", Kind::binary, 1, true, false, false, false},
    {"OD", Kind::binary, 8, true, false, false, false},
    {"OF", Kind::binary, 4, true, false, false, false},
    {"OL", Kind::binary, 4, true, false, false, false},
    {"OV", Kind::binary, 8, true, false, false, false},
    {"OW", Kind::binary, 2, true, false, false, false},
    {"PN", Kind::personName, 1, false, true, true, true},
    {"SH", Kind::text, 1, false, true, true, true},
    {"SL", Kind::number, 4, false, false, false, false},
    {"SQ", Kind::sequence, 1, true, false, false, false},
    {"SS", Kind::number, 2, false, false, false, false},
    {"ST", Kind::text, 1, false, false, true, false},
    {"SV", Kind::number, 8, true, false, false, false},
    {"TM", Kind::text, 1, false, true, false, false},
    {"UC", Kind::text, 1, true, true, true, false},
    {"UI", Kind::text, 1, false, true, false, true},
    {"UL", Kind::number, 4, false, false, false, false},
    {"UN", Kind::binary, 1, true, false, false, false},
    {"UR", Kind::text, 1, true, false, false, false},
    {"US", Kind::number, 2, false, false, false, false},
    {"UT", Kind::text, 1, true, false, true, false},
    {"UV", Kind::number, 8, true, false, false, false},
    {"US", Kind::number, 2, false, false, false, false},
    {"OW", Kind::binary, 2, true, false, false, false},
    {"OW", Kind::binary, 2, true, false, false, false},
    {"--", Kind::sequence, 1, false, false, false, false},
    {"--", Kind::binary, 1, false, false, false, false},
};
static_assert(sizeof table / sizeof table[0] == static_cast<size_t>(VR::none) + 1);

struct DictionaryEntry {
    Tag tag;
    VR vr;
};

/// Sorted by tag; written once by `loadDictionary` before any reader runs.
std::vector<DictionaryEntry> dictionary;

VR fromToolkit(DcmEVR vr) {
    switch (vr) {
        case EVR_xs: return VR::usOrSs;
        case EVR_lt: return VR::usOrOw;
        case EVR_ox: case EVR_px: return VR::obOrOw;
        case EVR_up: return VR::UL;
        case EVR_na: return VR::UN;
        default: break;
    }
    const char *name = DcmVR(vr).getVRName();
    const VR known = vrNamed(reinterpret_cast<const uint8_t *>(name));
    return known == VR::none ? VR::UN : known;
}

bool precedes(const DictionaryEntry &entry, Tag tag) { return entry.tag < tag; }

VR lookUp(Tag tag) {
    const auto found = std::lower_bound(dictionary.begin(), dictionary.end(), tag, precedes);
    return found != dictionary.end() && found->tag == tag ? found->vr : VR::UN;
}

}  // namespace

const VRTraits &traits(VR vr) { return table[static_cast<size_t>(vr)]; }

VR vrNamed(const uint8_t *name) {
    // Names ascend in the table as far as UV.
    for (size_t i = 0; i <= static_cast<size_t>(VR::UV); ++i) {
        if (table[i].name[0] == name[0] && table[i].name[1] == name[1]) return static_cast<VR>(i);
    }
    return VR::none;
}

VR dictionaryVR(Tag tag) {
    const uint16_t group = groupOf(tag), element = elementOf(tag);
    if (element == 0) return VR::UL;
    if ((group & 1) != 0) return element >= 0x10 && element <= 0xFF ? VR::LO : VR::UN;
    // Repeating groups (PS3.5 §7.6): curves and overlays are listed once, for the first group.
    if (group >= 0x5000 && group <= 0x50FF) return lookUp(0x50000000u | element);
    if (group >= 0x6000 && group <= 0x60FF) return lookUp(0x60000000u | element);
    return lookUp(tag);
}

void loadDictionary() {
    // Only the writing lock hands out iterators.
    DcmDataDictionary &toolkit = dcmDataDict.wrlock();
    for (auto at = toolkit.normalBegin(); at != toolkit.normalEnd(); ++at) {
        const DcmDictEntry *entry = *at;
        if (entry->getPrivateCreator() != nullptr || (entry->getGroup() & 1) != 0) continue;
        dictionary.push_back({Tag{entry->getGroup()} << 16 | entry->getElement(), fromToolkit(entry->getEVR())});
    }
    for (auto at = toolkit.repeatingBegin(); at != toolkit.repeatingEnd(); ++at) {
        const DcmDictEntry *entry = *at;
        if (entry->getPrivateCreator() != nullptr) continue;
        const Tag first = Tag{entry->getGroup()} << 16 | entry->getElement();
        const bool isRepeatingGroup = entry->getGroup() == 0x5000 || entry->getGroup() == 0x6000;
        if (isRepeatingGroup) dictionary.push_back({first, fromToolkit(entry->getEVR())});
    }
    dcmDataDict.wrunlock();
    std::sort(dictionary.begin(), dictionary.end(), [](const auto &a, const auto &b) { return a.tag < b.tag; });
    dictionary.shrink_to_fit();
}

}  // namespace collimator
