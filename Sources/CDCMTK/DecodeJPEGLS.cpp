// JPEG-LS, by way of the toolkit's codec interface: one frame in a data set of its own.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <algorithm>
#include <memory>

#include "Codecs.hpp"
#include "StreamHeaders.hpp"

namespace collimator {

namespace {

void check(const OFCondition &condition) {
    if (condition == EC_MemoryExhausted) fail(CDCMTK_OUT_OF_MEMORY);
    if (condition.bad()) fail(CDCMTK_UNDECODABLE, tags::pixels);
}

/// The image attributes that the codec reads.
void describe(DcmDataset &dataSet, const DecodedFrame &frame) {
    const auto put = [&](const DcmTagKey &tag, uint64_t value) {
        check(dataSet.putAndInsertUint16(tag, static_cast<Uint16>(value)));
    };
    check(dataSet.putAndInsertString(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage));
    check(dataSet.putAndInsertString(DCM_PhotometricInterpretation, frame.samples == 3 ? "RGB" : "MONOCHROME2"));
    put(DCM_SamplesPerPixel, frame.samples);
    put(DCM_Rows, frame.rows);
    put(DCM_Columns, frame.columns);
    put(DCM_BitsAllocated, frame.bitsAllocated);
    put(DCM_BitsStored, frame.bitsStored);
    put(DCM_HighBit, frame.bitsStored - 1);
    put(DCM_PixelRepresentation, 0);
    if (frame.samples > 1) put(DCM_PlanarConfiguration, 0);
}

/// The item is owned by the sequence from here on.
void append(DcmPixelSequence &sequence, const Bytes *bytes) {
    auto item = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
    if (bytes != nullptr) check(item->putUint8Array(bytes->data(), static_cast<unsigned long>(bytes->size())));
    check(sequence.insert(item.get()));
    item.release();
}

Bytes nativeBytes(DcmDataset &dataSet, unsigned bits, size_t count) {
    Bytes result(count);
    if (bits == 8) {
        const Uint8 *values = nullptr;
        unsigned long found = 0;
        check(dataSet.findAndGetUint8Array(DCM_PixelData, values, &found));
        if (values == nullptr || found < count) fail(CDCMTK_UNDECODABLE, tags::pixels);
        std::copy_n(values, count, result.begin());
        return result;
    }
    const Uint16 *values = nullptr;
    unsigned long found = 0;
    check(dataSet.findAndGetUint16Array(DCM_PixelData, values, &found));
    if (values == nullptr || found < count / 2) fail(CDCMTK_UNDECODABLE, tags::pixels);
    for (size_t i = 0; i < count / 2; ++i) {
        result[2 * i] = static_cast<uint8_t>(values[i]);
        result[2 * i + 1] = static_cast<uint8_t>(values[i] >> 8);
    }
    return result;
}

}  // namespace

DecodedFrame decodeJPEGLS(const Bytes &encoded, const ImageDescription &image) {
    const JPEGHeader header = readJPEGHeader(encoded);
    const bool fits = header.process == 0xF7 && header.rows == image.rows && header.columns == image.columns &&
                      header.components == image.samples && header.precision >= 2 && header.precision <= 16;
    if (!fits || (image.samples != 1 && image.samples != 3)) fail(CDCMTK_UNDECODABLE, tags::pixels);

    DecodedFrame frame = emptyFrame(image, header.precision);
    if (frame.bitsAllocated > 16) fail(CDCMTK_UNDECODABLE, tags::bitsAllocated);
    DecodedFrame stream = frame;
    stream.bytes.clear();
    stream.bitsAllocated = header.precision <= 8 ? 8 : 16;
    stream.bitsStored = header.precision;
    DcmDataset dataSet;
    describe(dataSet, stream);
    auto sequence = std::make_unique<DcmPixelSequence>(DcmTag(DCM_PixelData, EVR_OB));
    append(*sequence, nullptr);
    Bytes even = encoded;
    if (even.size() % 2 != 0) even.push_back(0);
    append(*sequence, &even);
    auto pixels = std::make_unique<DcmPixelData>(DCM_PixelData);
    pixels->putOriginalRepresentation(EXS_JPEGLSLossless, nullptr, sequence.release());
    check(dataSet.insert(pixels.get()));
    pixels.release();
    check(dataSet.chooseRepresentation(EXS_LittleEndianExplicit, nullptr));

    const size_t values = frame.bytes.size() / (frame.bitsAllocated / 8);
    const Bytes native = nativeBytes(dataSet, stream.bitsAllocated, values * stream.bitsAllocated / 8);
    if (stream.bitsAllocated == frame.bitsAllocated) {
        frame.bytes = native;
    } else {
        for (size_t i = 0; i < values; ++i) frame.bytes[2 * i] = native[i];
    }
    return frame;
}

Bytes encodeJPEGLS(const DecodedFrame &frame) {
    // The stored bits may not be all that is set: the whole word is kept.
    DecodedFrame shape = frame;
    shape.bytes.clear();
    shape.bitsStored = shape.bitsAllocated;
    DcmDataset dataSet;
    describe(dataSet, shape);
    if (frame.bitsAllocated == 8) {
        const auto count = static_cast<unsigned long>(frame.bytes.size());
        check(dataSet.putAndInsertUint8Array(DCM_PixelData, frame.bytes.data(), count));
    } else {
        std::vector<Uint16> words(frame.bytes.size() / 2);
        for (size_t i = 0; i < words.size(); ++i) words[i] = load16(frame.bytes.data() + 2 * i, false);
        const auto count = static_cast<unsigned long>(words.size());
        check(dataSet.putAndInsertUint16Array(DCM_PixelData, words.data(), count));
    }
    const DJLSRepresentationParameter parameter(0, OFTrue);
    check(dataSet.chooseRepresentation(EXS_JPEGLSLossless, &parameter));

    DcmElement *element = nullptr;
    check(dataSet.findAndGetElement(DCM_PixelData, element));
    DcmPixelSequence *sequence = nullptr;
    auto *pixels = static_cast<DcmPixelData *>(element);
    check(pixels->getEncapsulatedRepresentation(EXS_JPEGLSLossless, &parameter, sequence));
    Bytes result;
    for (unsigned long i = 1; sequence != nullptr && i < sequence->card(); ++i) {
        DcmPixelItem *item = nullptr;
        Uint8 *bytes = nullptr;
        check(sequence->getItem(item, i));
        check(item->getUint8Array(bytes));
        result.insert(result.end(), bytes, bytes + item->getLength());
    }
    if (result.size() < 4) fail(CDCMTK_UNDECODABLE, tags::pixels);
    // The library does not set the byte that makes the length even.
    if (load16(result.data() + result.size() - 3, true) == 0xFFD9) result.back() = 0;
    return result;
}

}  // namespace collimator
