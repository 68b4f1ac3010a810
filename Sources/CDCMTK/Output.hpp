// A new file, written through a buffer, deflated from a point on where that is wanted.
#pragma once

#include <zlib.h>

#include <memory>

#include "Source.hpp"

namespace collimator {

class Output {
   public:
    explicit Output(const char *path);
    Output(const Output &) = delete;
    Output &operator=(const Output &) = delete;
    /// Removes the file unless it was finished.
    ~Output();

    void write(const void *bytes, size_t count);
    void write(const Bytes &bytes) { write(bytes.data(), bytes.size()); }
    void writeLittle(uint64_t number, size_t size);
    /// Everything after this call is one raw deflate stream.
    void startDeflating();
    /// Where the next byte goes; says nothing once deflating.
    uint64_t position() const { return written_ + buffer_.size(); }
    /// Overwrites bytes written before.
    void patch(uint64_t position, const Bytes &bytes);
    void finish();

   private:
    struct StreamEnd {
        void operator()(z_stream *stream) const;
    };

    void deflateSome(const uint8_t *bytes, size_t count, int flush);
    void put(const uint8_t *bytes, size_t count);
    void flush();

    FileDescriptor file_;
    std::string path_;
    Bytes buffer_;
    uint64_t written_ = 0;
    bool isFinished_ = false;
    std::unique_ptr<z_stream, StreamEnd> deflater_;
};

}  // namespace collimator
