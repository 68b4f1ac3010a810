// The bytes of one file, read by position through a small window.
#pragma once

#include "Core.hpp"

namespace collimator {

/// Closes a descriptor once.
class FileDescriptor {
   public:
    explicit FileDescriptor(int number = -1) : number_(number) {}
    FileDescriptor(FileDescriptor &&other) noexcept : number_(other.number_) { other.number_ = -1; }
    FileDescriptor &operator=(FileDescriptor &&other) noexcept;
    ~FileDescriptor();

    int number() const { return number_; }

   private:
    int number_;
};

/// Positional reads with one read-ahead window, so that a header costs one system call.
///
/// Nothing is mapped: a file that shrinks while it is read is a failure, not a signal.
class Source {
   public:
    static Source open(const char *path);
    Source(FileDescriptor file, uint64_t size) : file_(std::move(file)), size_(size) {}

    uint64_t size() const { return size_; }
    int descriptor() const { return file_.number(); }

    /// Copies `count` bytes at `offset`; fails with "truncated" when they are not all there.
    void read(uint64_t offset, void *to, size_t count) const;
    Bytes bytes(uint64_t offset, uint64_t count) const;

    /// A new source: `prefix` bytes of this one unchanged, then the rest inflated into an unlinked file.
    Source inflatedAfter(uint64_t prefix, const char *besidePath) const;

   private:
    void readDirectly(uint64_t offset, void *to, size_t count) const;

    FileDescriptor file_;
    uint64_t size_;
    mutable Bytes window_;
    mutable uint64_t windowOffset_ = 0;
};

}  // namespace collimator
