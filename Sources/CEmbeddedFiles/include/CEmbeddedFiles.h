#pragma once
#include <stddef.h>

// Each gives the first byte of a file that is part of the executable, and how many bytes there are.
const unsigned char *_Nonnull collimator_openapi_yaml(size_t *_Nonnull count);
const unsigned char *_Nonnull collimator_documentation_css(size_t *_Nonnull count);
