// open_source: recognises what a ByteSource holds and makes the reader for it; open_capture() is this
// over a file. Any thread; the reader belongs to one at a time.
#pragma once

#include <memory>

#include "capture/byte_source.h"
#include "restitch/capture.h"

namespace restitch {

struct OpenOptions {
  std::size_t buffer_size = std::size_t{256}
                            << 10;  // at first, if there is so much; grows for a longer record
  ReadingMemory* memory = nullptr;
};

// Errors as of open_capture(), but without the path in front. Requires: options.buffer_size > 0.
Result<std::unique_ptr<CaptureReader>> open_source(std::unique_ptr<ByteSource> source,
                                                   OpenOptions options = {});

}  // namespace restitch
