#include "Output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace collimator {

namespace {

constexpr size_t bufferBytes = 256 * 1024;

void writeAll(int descriptor, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        const ssize_t done = ::write(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) failWriting(done < 0 ? errno : EIO);
        bytes += done;
        count -= static_cast<size_t>(done);
    }
}

}  // namespace

Output::Output(const char *path)
    : file_(::open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)), path_(path) {
    if (file_.number() < 0) failWriting(errno);
    buffer_.reserve(bufferBytes);
}

Output::~Output() {
    if (!isFinished_ && file_.number() >= 0) ::unlink(path_.c_str());
}

void Output::StreamEnd::operator()(z_stream *stream) const {
    deflateEnd(stream);
    delete stream;
}

void Output::flush() {
    writeAll(file_.number(), buffer_.data(), buffer_.size());
    written_ += buffer_.size();
    buffer_.clear();
}

void Output::put(const uint8_t *bytes, size_t count) {
    if (buffer_.size() + count > bufferBytes) flush();
    if (count > bufferBytes) {
        writeAll(file_.number(), bytes, count);
        written_ += count;
        return;
    }
    buffer_.insert(buffer_.end(), bytes, bytes + count);
}

void Output::write(const void *bytes, size_t count) {
    const auto *from = static_cast<const uint8_t *>(bytes);
    if (!deflater_) return put(from, count);
    constexpr size_t step = 1 << 30;
    for (size_t done = 0; done < count; done += step) {
        deflateSome(from + done, std::min(step, count - done), Z_NO_FLUSH);
    }
}

void Output::writeLittle(uint64_t number, size_t size) {
    uint8_t raw[8];
    for (size_t i = 0; i < size; ++i) raw[i] = static_cast<uint8_t>(number >> 8 * i);
    write(raw, size);
}

void Output::startDeflating() {
    auto stream = std::make_unique<z_stream>();
    const int status =
        deflateInit2(stream.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    if (status != Z_OK) fail(CDCMTK_OUT_OF_MEMORY);
    deflater_.reset(stream.release());
}

void Output::deflateSome(const uint8_t *bytes, size_t count, int flush) {
    uint8_t chunk[16 * 1024];
    deflater_->next_in = const_cast<Bytef *>(bytes);
    deflater_->avail_in = static_cast<uInt>(count);
    do {
        deflater_->next_out = chunk;
        deflater_->avail_out = sizeof chunk;
        if (deflate(deflater_.get(), flush) == Z_STREAM_ERROR) fail(CDCMTK_INTERNAL);
        put(chunk, sizeof chunk - deflater_->avail_out);
    } while (deflater_->avail_out == 0);
}

void Output::patch(uint64_t position, const Bytes &bytes) {
    flush();
    const ssize_t done = ::pwrite(file_.number(), bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (done != static_cast<ssize_t>(bytes.size())) failWriting(done < 0 ? errno : ENOSPC);
}

void Output::finish() {
    if (deflater_) {
        deflateSome(nullptr, 0, Z_FINISH);
        // A deflated data set has an even length (PS3.5 §A.5).
        const uint8_t zero = 0;
        if (position() % 2 != 0) put(&zero, 1);
    }
    flush();
    isFinished_ = true;
}

}  // namespace collimator
