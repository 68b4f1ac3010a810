// The C functions: each lets no exception out and hands over memory with its owner.
#include "CDCMTK.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <new>

#include "Codecs.hpp"
#include "Json.hpp"
#include "Render.hpp"
#include "Transcode.hpp"

using namespace collimator;

struct cdcmtk_object {
    Object object;
};

namespace {

/// Keeps what `cdcmtk_bytes` points to.
struct Owner {
    Bytes bytes;
    std::string text;
};

cdcmtk_bytes handOver(Bytes bytes) {
    auto owner = std::make_unique<Owner>();
    owner->bytes = std::move(bytes);
    const cdcmtk_bytes result{owner->bytes.data(), owner->bytes.size(), owner.get()};
    owner.release();
    return result;
}

cdcmtk_bytes handOver(std::string text) {
    auto owner = std::make_unique<Owner>();
    owner->text = std::move(text);
    const auto *start = reinterpret_cast<const uint8_t *>(owner->text.data());
    const cdcmtk_bytes result{start, owner->text.size(), owner.get()};
    owner.release();
    return result;
}

void handOver(Data data, cdcmtk_data *result) {
    *result = {};
    if (data.range) {
        result->is_range = true;
        result->offset = static_cast<int64_t>(data.range->offset);
        result->length = static_cast<int64_t>(data.range->length);
        return;
    }
    result->copied = handOver(std::move(data.bytes));
}

/// Runs the body and turns whatever it throws into numbers.
template <typename Body>
bool guarded(cdcmtk_failure *failure, Body body) noexcept {
    *failure = {CDCMTK_OK, 0, -1};
    try {
        body();
        return true;
    } catch (const Failure &thrown) {
        *failure = {thrown.code, thrown.tag, thrown.offset};
    } catch (const std::bad_alloc &) {
        failure->code = CDCMTK_OUT_OF_MEMORY;
    } catch (...) {
        failure->code = CDCMTK_INTERNAL;
    }
    return false;
}

Data frameData(Object &object, uint64_t number, const char *transferSyntax) {
    PixelData &pixels = object.pixels();
    Data data;
    const std::string wanted = transferSyntax == nullptr ? std::string() : transferSyntax;
    const bool isNative = wanted == transfer::explicitLittle || wanted == transfer::implicitLittle;
    const bool isStored = wanted.empty() || wanted == object.transferSyntax ||
                          (isNative && !pixels.isEncapsulated() && !pixels.node().isBigEndian);
    if (!isStored) {
        data.bytes = encodeFrame(pixels.decode(number), wanted);
        return data;
    }
    if (!object.index.isDeflated) data.range = pixels.storedRange(number);
    if (!data.range) data.bytes = pixels.storedBytes(number);
    return data;
}

}  // namespace

void cdcmtk_start(void) {
    static std::once_flag once;
    try {
        std::call_once(once, [] {
            registerCodecs();
            loadDictionary();
            loadCharacterSets();
        });
    } catch (...) {
        // Without dictionary or codecs explicit files still open; what needs them fails by itself.
    }
}

cdcmtk_object *cdcmtk_open(const char *path, cdcmtk_failure *failure) {
    cdcmtk_start();
    cdcmtk_object *result = nullptr;
    guarded(failure, [&] { result = new cdcmtk_object{Object(path)}; });
    return result;
}

void cdcmtk_close(cdcmtk_object *object) { delete object; }

void cdcmtk_release(cdcmtk_bytes bytes) { delete static_cast<Owner *>(bytes.owner); }

void cdcmtk_summarise(cdcmtk_object *object, cdcmtk_summary *summary) {
    *summary = {};
    cdcmtk_failure ignored;
    guarded(&ignored, [&] {
        const Object &it = object->object;
        const ImageDescription image = describe(it.source, it.index, it.dataSet());
        const bool hasImage = it.index.findTop(tags::rows).has_value();
        std::string transferSyntax = it.transferSyntax;
        // A NUL within would hide what follows; this is no UID either way.
        std::replace(transferSyntax.begin(), transferSyntax.end(), '\0', '?');
        transferSyntax.copy(summary->transfer_syntax, sizeof summary->transfer_syntax - 1);
        summary->has_pixel_data = findPixels(it.index, it.dataSet()).has_value();
        summary->number_of_frames = hasImage || summary->has_pixel_data ? static_cast<int64_t>(image.frames) : 0;
        summary->rows = static_cast<int32_t>(image.rows);
        summary->columns = static_cast<int32_t>(image.columns);
        summary->bits_allocated = static_cast<int32_t>(image.bitsAllocated);
        summary->samples_per_pixel = hasImage ? static_cast<int32_t>(image.samples) : 0;
    });
}

bool cdcmtk_strings(cdcmtk_object *object, uint32_t tag, cdcmtk_bytes *values, cdcmtk_failure *failure) {
    *values = {};
    return guarded(failure, [&] {
        const Object &it = object->object;
        const auto found = it.index.findTop(tag);
        if (!found || it.index[*found].length == 0) return;
        const auto declared = it.index.findTop(tags::specificCharacterSet);
        const Charset charset = declared ? Charset(textValues(it.source, it.index[*declared], Charset())) : Charset();
        std::string text;
        for (const std::string &value : displayValues(it.source, it.index[*found], charset)) {
            text += value;
            text.push_back('\0');
        }
        *values = handOver(std::move(text));
    });
}

bool cdcmtk_json(
    cdcmtk_object *object, const uint32_t *tags, size_t tag_count, cdcmtk_bytes *text, cdcmtk_failure *failure) {
    *text = {};
    return guarded(failure, [&] {
        JsonWriter writer(object->object.source, object->object.index);
        if (tags == nullptr) {
            *text = handOver(writer.write(nullptr));
            return;
        }
        std::vector<Tag> wanted(tags, tags + tag_count);
        std::sort(wanted.begin(), wanted.end());
        *text = handOver(writer.write(&wanted));
    });
}

bool cdcmtk_dropped(cdcmtk_object *object, cdcmtk_bytes *tags, cdcmtk_failure *failure) {
    *tags = {};
    return guarded(failure, [&] {
        Bytes bytes;
        for (const Tag tag : JsonWriter(object->object.source, object->object.index).dropped()) {
            for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(tag >> shift));
        }
        *tags = handOver(std::move(bytes));
    });
}

bool cdcmtk_bulk(cdcmtk_object *object, const char *path, cdcmtk_data *data, cdcmtk_failure *failure) {
    *data = {};
    return guarded(failure, [&] { handOver(bulkData(object->object, path), data); });
}

bool cdcmtk_frame(
    cdcmtk_object *object, int64_t number, const char *transfer_syntax, cdcmtk_data *data, cdcmtk_failure *failure) {
    *data = {};
    return guarded(failure, [&] {
        if (number < 1) fail(CDCMTK_FRAME_OUT_OF_RANGE);
        handOver(frameData(object->object, static_cast<uint64_t>(number), transfer_syntax), data);
    });
}

bool cdcmtk_render(cdcmtk_object *object, int64_t number, cdcmtk_raster *raster, cdcmtk_failure *failure) {
    *raster = {};
    return guarded(failure, [&] {
        if (number < 1) fail(CDCMTK_FRAME_OUT_OF_RANGE);
        Picture picture = render(object->object, static_cast<uint64_t>(number));
        raster->width = static_cast<int32_t>(picture.width);
        raster->height = static_cast<int32_t>(picture.height);
        raster->channels = static_cast<int32_t>(picture.channels);
        raster->pixels = handOver(std::move(picture.bytes));
    });
}

bool cdcmtk_transcode(
    cdcmtk_object *object, const char *transfer_syntax, const char *path, cdcmtk_failure *failure) {
    return guarded(failure, [&] { transcode(object->object, transfer_syntax, path); });
}

bool cdcmtk_can_transcode(cdcmtk_object *object, const char *transfer_syntax) {
    bool result = false;
    cdcmtk_failure ignored;
    guarded(&ignored, [&] { result = canTranscode(object->object, transfer_syntax); });
    return result;
}
