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

struct collimator_file collimator_openapi_yaml(void) {
    return (struct collimator_file){ "openapi.yaml", openapi_yaml, sizeof openapi_yaml };
}

struct collimator_file collimator_documentation_css(void) {
    return (struct collimator_file){ "documentation.css", documentation_css, sizeof documentation_css };
}
