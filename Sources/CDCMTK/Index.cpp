#include "Index.hpp"

#include <algorithm>

namespace collimator {

std::optional<uint32_t> Index::find(Range dataSet, Tag tag) const {
    for (uint32_t i = dataSet.first; i < dataSet.end; i = nodes[i].end) {
        if (nodes[i].tag == tag) return i;
    }
    return std::nullopt;
}

std::optional<uint32_t> Index::findTop(Tag tag) const {
    const auto found =
        std::lower_bound(top.begin(), top.end(), tag, [this](uint32_t i, Tag t) { return nodes[i].tag < t; });
    if (found == top.end() || nodes[*found].tag != tag) return std::nullopt;
    return *found;
}

size_t Index::count(Range range) const {
    size_t total = 0;
    for (uint32_t i = range.first; i < range.end; i = nodes[i].end) ++total;
    return total;
}

std::optional<uint32_t> Index::child(Range range, size_t number) const {
    for (uint32_t i = range.first; i < range.end; i = nodes[i].end) {
        if (number-- == 0) return i;
    }
    return std::nullopt;
}

std::vector<uint32_t> Index::sorted(Range dataSet) const {
    std::vector<uint32_t> result;
    for (uint32_t i = dataSet.first; i < dataSet.end; i = nodes[i].end) {
        const Tag tag = nodes[i].tag;
        if (elementOf(tag) == 0 || tag == tags::trailingPadding) continue;
        result.push_back(i);
    }
    const auto precedes = [this](uint32_t a, uint32_t b) {
        // Of several with one tag the first in the file comes first.
        return nodes[a].tag != nodes[b].tag ? nodes[a].tag < nodes[b].tag : a < b;
    };
    if (!std::is_sorted(result.begin(), result.end(), precedes)) std::sort(result.begin(), result.end(), precedes);
    const auto isSame = [this](uint32_t a, uint32_t b) { return nodes[a].tag == nodes[b].tag; };
    result.erase(std::unique(result.begin(), result.end(), isSame), result.end());
    return result;
}

}  // namespace collimator
