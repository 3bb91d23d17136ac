// Which libraries look into streams, for the version that a program prints. A pure function.
#pragma once

#include <string>
#include <vector>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// "nghttp2 version 1.52.0", …; of one that this build does without: "without llhttp: no HTTP/1".
std::vector<std::string> app_libraries();

}  // namespace restitch
