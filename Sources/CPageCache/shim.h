#pragma once

#include <sys/uio.h>

// glibc has both, and shows them only where _GNU_SOURCE is defined before its first header: preadv2(2).
ssize_t preadv2(int descriptor, const struct iovec *pieces, int count, off_t offset, int flags);

// RWF_NOWAIT: what is not in memory is not waited for.
static const int collimator_read_no_wait = 0x00000008;
