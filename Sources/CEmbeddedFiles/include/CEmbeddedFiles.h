#pragma once
#include <stddef.h>

// A file that is part of the executable.
struct collimator_file {
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    size_t count;
};

struct collimator_file collimator_openapi_yaml(void);
struct collimator_file collimator_documentation_css(void);

// The files of the web page: how many there are, and each by its index, which must be less.
size_t collimator_page_count(void);
struct collimator_file collimator_page_file(size_t index);
