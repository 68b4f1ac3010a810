// What compressed streams say of themselves, read before a library sees them.
#pragma once

#include "Core.hpp"

namespace collimator {

/// The frame header of a JPEG or JPEG-LS stream (ITU-T T.81 §B.2.2).
struct JPEGHeader {
    /// The marker: SOF0 … SOF15, or 0xF7 for JPEG-LS.
    uint8_t process = 0;
    unsigned precision = 0, components = 0;
    uint64_t rows = 0, columns = 0;
    /// A component is kept at less than full resolution.
    bool isSubsampled = false;
    /// The components are called R, G and B.
    bool namesRGB = false;
    /// The transform that an Adobe marker states; -1 without one.
    int adobeTransform = -1;

    bool isLossless() const { return process == 0xC3 || process == 0xC7 || process == 0xCB; }
};

JPEGHeader readJPEGHeader(const Bytes &stream);

/// The size and coding style of a JPEG 2000 codestream (ITU-T T.800 Annex A).
struct JPEG2000Header {
    uint64_t rows = 0, columns = 0;
    unsigned components = 0, precision = 0;
    bool isSigned = false;
    bool hasColorTransform = false;
};

/// Reads the main header that begins at `start`.
JPEG2000Header readJPEG2000Header(const Bytes &stream, size_t start);

/// Where the codestream begins: 0, or within the boxes of a JP2 file.
size_t findCodestream(const Bytes &stream);

}  // namespace collimator
