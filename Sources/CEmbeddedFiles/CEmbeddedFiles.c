#include "CEmbeddedFiles.h"

// `#embed` is of C23, and the compiler offers it before.
#pragma clang diagnostic ignored "-Wc23-extensions"

// The compiler reads the files where they are and knows that it has to do so again when they change.
static const unsigned char openapi_yaml[] = {
#embed "../../openapi.yaml"
};
static const unsigned char documentation_css[] = {
#embed "documentation.css"
};

const unsigned char *collimator_openapi_yaml(size_t *count) {
    *count = sizeof openapi_yaml;
    return openapi_yaml;
}

const unsigned char *collimator_documentation_css(size_t *count) {
    *count = sizeof documentation_css;
    return documentation_css;
}
