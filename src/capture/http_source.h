// HTTP: a ByteSource over http:// and https://, through libcurl where the build has it. A server that pauses
// is waited for as a pipe is; what arrives is read piece by piece, so that a capture of any size takes the
// memory of one piece. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "capture/file_source.h"

namespace restitch {

// http://… or https://…
bool is_http(std::string_view name);

// Begins to fetch it. What goes wrong on the way, the source says in the end. Error: unsupported, in a build
// without libcurl. Requires: is_http(url).
Result<std::unique_ptr<ByteSource>> open_http(const std::string& url, FileSource::StopFlag stop);

}  // namespace restitch
