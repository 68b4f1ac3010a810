#include "Source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace collimator {

namespace {

constexpr size_t windowBytes = 64 * 1024;

void writeAll(int descriptor, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = ::write(descriptor, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) failWriting(written < 0 ? errno : EIO);
        bytes += written;
        count -= static_cast<size_t>(written);
    }
}

/// An unlinked file beside the given one, else in the folder for temporary files.
FileDescriptor makeUnlinkedFile(const char *besidePath) {
    std::string folder(besidePath);
    const size_t slash = folder.rfind('/');
    folder = slash == std::string::npos ? "." : folder.substr(0, slash + 1);
    const char *temporary = std::getenv("TMPDIR");
    int error = EIO;
    for (const std::string &place : {folder, std::string(temporary == nullptr ? "/tmp" : temporary)}) {
        const int number = ::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (number >= 0) return FileDescriptor(number);
        error = errno;
    }
    failWriting(error);
}

/// Ends the stream however the scope is left.
struct Inflater {
    z_stream stream{};

    Inflater() {
        // Raw deflate: PS3.5 §A.5 has no zlib header.
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail(CDCMTK_OUT_OF_MEMORY);
    }
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;
    ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

void swapUnits(uint8_t *bytes, size_t count, size_t unit) {
    if (unit < 2) return;
    for (size_t at = 0; at + unit <= count; at += unit) std::reverse(bytes + at, bytes + at + unit);
}

FileDescriptor &FileDescriptor::operator=(FileDescriptor &&other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
}

Source Source::open(const char *path) {
    // O_NONBLOCK: a named pipe must not hang the caller; it is refused below.
    FileDescriptor file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0) fail(CDCMTK_IO);

    struct stat status {};
    if (::fstat(file.number(), &status) != 0) fail(CDCMTK_IO);
    if (!S_ISREG(status.st_mode)) fail(CDCMTK_NOT_DICOM);
    return Source(std::move(file), static_cast<uint64_t>(status.st_size));
}

void Source::readDirectly(uint64_t offset, void *to, size_t count) const {
    auto *target = static_cast<uint8_t *>(to);
    while (count > 0) {
        const ssize_t got = ::pread(file_.number(), target, count, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(CDCMTK_IO, 0, static_cast<int64_t>(offset));
        if (got == 0) fail(CDCMTK_TRUNCATED, 0, static_cast<int64_t>(offset));
        target += got;
        offset += static_cast<uint64_t>(got);
        count -= static_cast<size_t>(got);
    }
}

void Source::read(uint64_t offset, void *to, size_t count) const {
    if (offset > size_ || count > size_ - offset) fail(CDCMTK_TRUNCATED, 0, static_cast<int64_t>(offset));
    if (count > windowBytes / 4) return readDirectly(offset, to, count);

    const bool isInside = offset >= windowOffset_ && offset + count <= windowOffset_ + window_.size();
    if (!isInside) {
        window_.resize(static_cast<size_t>(std::min<uint64_t>(windowBytes, size_ - offset)));
        windowOffset_ = offset;
        try {
            readDirectly(offset, window_.data(), window_.size());
        } catch (...) {
            window_.clear();
            throw;
        }
    }
    if (count > 0) std::memcpy(to, window_.data() + (offset - windowOffset_), count);
}

Bytes Source::bytes(uint64_t offset, uint64_t count) const {
    if (offset > size_ || count > size_ - offset) fail(CDCMTK_TRUNCATED, 0, static_cast<int64_t>(offset));
    Bytes result(static_cast<size_t>(count));
    read(offset, result.data(), result.size());
    return result;
}

Source Source::inflatedAfter(uint64_t prefix, const char *besidePath) const {
    FileDescriptor target = makeUnlinkedFile(besidePath);
    const Bytes head = bytes(0, prefix);
    writeAll(target.number(), head.data(), head.size());

    Inflater inflater;
    Bytes input(windowBytes), output(4 * windowBytes);
    uint64_t total = prefix, position = prefix;
    const uint64_t byRatio = std::max(limits::inflatedBytesAlways, (size_ - prefix) * limits::inflationRatioMax);
    const uint64_t most = std::min(limits::inflatedBytesMax, byRatio);
    for (int status = Z_OK; status != Z_STREAM_END;) {
        if (inflater.stream.avail_in == 0) {
            const size_t count = static_cast<size_t>(std::min<uint64_t>(input.size(), size_ - position));
            if (count == 0) fail(CDCMTK_TRUNCATED, 0, static_cast<int64_t>(position));
            readDirectly(position, input.data(), count);
            position += count;
            inflater.stream.next_in = input.data();
            inflater.stream.avail_in = static_cast<uInt>(count);
        }
        inflater.stream.next_out = output.data();
        inflater.stream.avail_out = static_cast<uInt>(output.size());
        status = inflate(&inflater.stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END) fail(CDCMTK_UNDECODABLE, 0, static_cast<int64_t>(position));
        const size_t produced = output.size() - inflater.stream.avail_out;
        total += produced;
        if (total > most) fail(CDCMTK_TOO_LARGE);
        writeAll(target.number(), output.data(), produced);
    }
    return Source(std::move(target), total);
}

}  // namespace collimator
