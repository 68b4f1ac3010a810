#include "Transcode.hpp"

#include <algorithm>
#include <cstdio>

#include "DataSetWriter.hpp"

namespace collimator {

namespace {

constexpr const char *implementationClass = "2.25.199413476018327155430168834271067394517";
constexpr const char *implementationVersion = "COLLIMATOR";
constexpr uint64_t offsetMax = 0xFFFFFFFF;

/// One transcoding: the plan of what changes, then the writing.
class Transcoder {
   public:
    Transcoder(Object &object, const std::string &target)
        : object_(object), target_(target), compression_(compressionOf(target)) {}

    void run(const char *path) {
        plan();
        Output output(path);
        writeMeta(output);
        if (target_ == transfer::deflated) output.startDeflating();
        writeDataSet(output);
        output.finish();
    }

   private:
    bool isNativeTarget() const { return compression_ == Compression::none; }

    void plan() {
        const Index &index = object_.index;
        const auto found = findPixels(index, object_.dataSet());
        changesPixels_ = found && (index[*found].isEncapsulated || !isNativeTarget());
        if (!changesPixels_) return;
        PixelData &pixels = object_.pixels();
        if (!isNativeTarget() && !canEncode(pixels.image(), target_)) {
            fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX, tags::pixels);
        }
        pixels.checkAllFrames();
        first_ = pixels.decode(1);
        const uint64_t nativeBytes = first_.bytes.size();
        if (isNativeTarget()) {
            interleave(first_);
            if (nativeBytes * pixels.frameCount() >= offsetMax) fail(CDCMTK_TOO_LARGE, tags::pixels);
            replacements_ = imageReplacements(pixels.image(), first_);
        } else {
            prepareForEncoding(first_, compression_);
            DecodedFrame described = first_;
            described.bytes.clear();
            described.photometric = photometricAfterEncoding(first_, compression_);
            first_.bytes = encodeFrame(first_, target_);
            replacements_ = imageReplacements(pixels.image(), described);
            if (isLossy(compression_)) planLossy(nativeBytes, first_.bytes.size());
        }
        replacements_[tags::pixels] = std::nullopt;
    }

    void planLossy(uint64_t nativeBytes, uint64_t encodedBytes) {
        const auto appended = [&](Tag tag, const std::string &value) {
            const auto found = object_.index.findTop(tag);
            const std::string before = found ? plainText(object_.source, object_.index[*found]) : "";
            return before.empty() ? value : before + "\\" + value;
        };
        char ratio[32];
        // In tenths, so that no locale has a say in the decimal point.
        const uint64_t tenths = encodedBytes == 0 ? 0 : nativeBytes * 10 / encodedBytes;
        std::snprintf(ratio, sizeof ratio, "%llu.%llu", static_cast<unsigned long long>(tenths / 10),
                      static_cast<unsigned long long>(tenths % 10));
        const char *method = compression_ == Compression::jpeg2000 ? "ISO_15444_1" : "ISO_10918_1";
        replacements_[tags::lossyCompression] = textReplacement(VR::CS, "01");
        replacements_[tags::lossyRatio] = textReplacement(VR::DS, appended(tags::lossyRatio, ratio));
        replacements_[tags::lossyMethod] = textReplacement(VR::CS, appended(tags::lossyMethod, method));
    }

    std::string topText(Tag preferred, Tag otherwise) const {
        for (const Tag tag : {preferred, otherwise}) {
            const auto found = object_.index.findTop(tag);
            if (found && object_.index[*found].length > 0) return plainText(object_.source, object_.index[*found]);
        }
        return "";
    }

    /// File meta information of our own; what the file's holds beyond that, such as titles, stays.
    void writeMeta(Output &output) {
        const Bytes preamble(128);
        output.write(preamble);
        output.write("DICM", 4);
        DataSetWriter writer(object_, output, false);
        const uint64_t lengthPosition = output.position() + 8;
        writer.writeValue(tags::metaLength, {VR::UL, Bytes(4)});
        const uint64_t start = output.position();
        const std::string sopClass = topText(tags::sopClass, tags::metaSOPClass);
        const std::string sopInstance = topText(tags::sopInstance, tags::metaSOPInstance);
        const Replacements fresh = {
            {tags::metaVersion, Replacement{VR::OB, {0, 1}}},
            {tags::metaSOPClass, textReplacement(VR::UI, sopClass)},
            {tags::metaSOPInstance, textReplacement(VR::UI, sopInstance)},
            {tags::transferSyntax, textReplacement(VR::UI, target_)},
            {tags::implementationClass, textReplacement(VR::UI, implementationClass)},
            {tags::implementationVersion, textReplacement(VR::SH, implementationVersion)},
        };
        writer.writeElements(object_.index.sorted(object_.index.meta()), object_.index.meta(), fresh);
        const uint64_t length = output.position() - start;
        Bytes raw;
        for (size_t i = 0; i < 4; ++i) raw.push_back(static_cast<uint8_t>(length >> 8 * i));
        output.patch(lengthPosition, raw);
    }

    void writeDataSet(Output &output) {
        DataSetWriter writer(object_, output, target_ == transfer::implicitLittle);
        std::vector<uint32_t> before, after;
        for (const uint32_t element : object_.index.top) {
            if (groupOf(object_.index[element].tag) == 2) continue;
            (object_.index[element].tag <= tags::pixels ? before : after).push_back(element);
        }
        writer.writeElements(before, object_.dataSet(), replacements_);
        if (changesPixels_) isNativeTarget() ? writeNative(writer, output) : writeEncapsulated(writer, output);
        writer.writeElements(after, object_.dataSet(), {});
    }

    void writeNative(DataSetWriter &writer, Output &output) {
        PixelData &pixels = object_.pixels();
        const uint64_t frameBytes = first_.bytes.size(), total = frameBytes * pixels.frameCount();
        const bool isWide = first_.bitsAllocated > 8 || target_ == transfer::implicitLittle;
        writer.writeHeader(tags::pixels, isWide ? VR::OW : VR::OB, total + total % 2);
        for (uint64_t number = 1; number <= pixels.frameCount(); ++number) {
            DecodedFrame frame = number == 1 ? std::move(first_) : pixels.decode(number);
            interleave(frame);
            if (frame.bytes.size() != frameBytes) fail(CDCMTK_UNDECODABLE, tags::pixels);
            output.write(frame.bytes);
        }
        if (total % 2 != 0) output.writeLittle(0, 1);
    }

    void writeItemHeader(Output &output, Tag tag, uint64_t length) {
        output.writeLittle(groupOf(tag), 2);
        output.writeLittle(elementOf(tag), 2);
        output.writeLittle(length, 4);
    }

    /// One fragment for each frame. The basic offset table is filled in at the end, or left empty when its 32 bits do
    /// not reach.
    void writeEncapsulated(DataSetWriter &writer, Output &output) {
        PixelData &pixels = object_.pixels();
        const uint64_t frames = pixels.frameCount();
        const bool hasTable = pixels.node().length / 2 < offsetMax / 4 && frames < offsetMax / 8;
        writer.writeUndefined(tags::pixels, VR::OB);
        writeItemHeader(output, tags::item, hasTable ? 4 * frames : 0);
        const uint64_t tablePosition = output.position();
        Bytes table;
        if (hasTable) output.write(Bytes(static_cast<size_t>(4 * frames)));
        const uint64_t base = output.position();
        bool reaches = hasTable;
        for (uint64_t number = 1; number <= frames; ++number) {
            const uint64_t offset = output.position() - base;
            reaches = reaches && offset <= offsetMax;
            for (size_t i = 0; i < 4; ++i) table.push_back(static_cast<uint8_t>(offset >> 8 * i));
            Bytes encoded = number == 1 ? std::move(first_.bytes) : encodeFrame(pixels.decode(number), target_);
            if (encoded.size() % 2 != 0) encoded.push_back(0);
            writeItemHeader(output, tags::item, encoded.size());
            output.write(encoded);
        }
        writeItemHeader(output, tags::sequenceDelimiter, 0);
        if (hasTable && !reaches) fail(CDCMTK_TOO_LARGE, tags::pixels);
        if (hasTable) output.patch(tablePosition, table);
    }

    Object &object_;
    std::string target_;
    Compression compression_;
    bool changesPixels_ = false;
    Replacements replacements_;
    /// The first frame, decoded or already encoded: it says what the attributes of the whole become.
    DecodedFrame first_;
};

void copyFile(const Source &source, const char *path) {
    constexpr uint64_t chunk = 1 << 20;
    Output output(path);
    for (uint64_t done = 0; done < source.size(); done += chunk) {
        output.write(source.bytes(done, std::min(chunk, source.size() - done)));
    }
    output.finish();
}

}  // namespace

bool canTranscode(Object &object, const std::string &target) {
    if (target == object.index.statedTransferSyntax) return true;
    const Compression compression = compressionOf(target);
    if (compression == Compression::unsupported || target == transfer::explicitBig) return false;
    const auto pixels = findPixels(object.index, object.dataSet());
    // Without pixels there is nothing to compress, and a compressed syntax would say something untrue.
    if (!pixels) return compression == Compression::none;
    if (!object.index[*pixels].isEncapsulated && compression == Compression::none) return true;
    if (object.index[*pixels].isEncapsulated && !canDecode(compressionOf(object.transferSyntax))) return false;
    return canEncode(object.pixels().image(), target);
}

void transcode(Object &object, const std::string &target, const char *path) {
    const bool isSame = target == object.index.statedTransferSyntax;
    if (isSame && !object.index.isDeflated) return copyFile(object.source, path);
    if (!isSame && !canTranscode(object, target)) fail(CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX);
    Transcoder(object, target).run(path);
}

}  // namespace collimator
