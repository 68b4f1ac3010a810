// One frame as an 8-bit picture.
#pragma once

#include "Object.hpp"

namespace collimator {

struct Picture {
    uint64_t width = 0, height = 0;
    unsigned channels = 1;
    Bytes bytes;
};

/// Modality and VOI transformation of the file applied, colour as RGB, overlays left out (PS3.4 §N.2).
Picture render(Object &object, uint64_t number);

}  // namespace collimator
