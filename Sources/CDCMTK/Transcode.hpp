// The whole object in another transfer syntax.
#pragma once

#include "Object.hpp"

namespace collimator {

/// Writes a new file; what could not be finished is removed.
void transcode(Object &object, const std::string &transferSyntax, const char *path);

bool canTranscode(Object &object, const std::string &transferSyntax);

}  // namespace collimator
