// What holds for any input whatever, for the fuzz targets of the capture formats. Pure; any thread.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "capture/compressed_source.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// One reading, checked batch by batch while the bytes are lent.
inline Reading read_checked(Bytes input, std::size_t chunk, std::size_t buffer_size) {
  auto opened = open_source(std::make_unique<MemorySource>(input, chunk), {buffer_size});
  if (!opened) {
    require(!opened.error().message.empty(), "an error has a message");
    return read_all(std::move(opened));
  }
  Reading reading;
  reading.opened = true;
  CaptureReader& reader = **opened;
  std::size_t frame_bytes = 0;
  while (!reader.finished()) {
    const auto batch = reader.next_batch();
    require(!batch.empty() || reader.finished(), "an empty batch is the end");
    for (const Record& record : batch) {
      require(record.frame.size() == record.info.captured_size, "the captured size is that of the frame");
      require(record.info.original_size >= record.info.captured_size,
              "nothing is captured that was not there");
      require(record.info.packet_number == reading.records.size() + 1, "packets are numbered from 1");
      require(record.info.interface_index < reader.metadata().interfaces.size(), "the interface is known");
      frame_bytes += record.frame.size();
      // Copying the frame reads all its bytes: a span outside the buffer is an error of the sanitizer.
      reading.records.push_back(
          {record.info, record.link_type, std::string(record.frame.begin(), record.frame.end())});
    }
  }
  require(frame_bytes <= input.size(), "frames do not overlap");
  require(reader.next_batch().empty(), "nothing comes behind the end");
  reading.end = reader.end();
  require(reading.end.damaged == !reading.end.message.empty(), "damage has a message, and only damage");
  require(reading.end.offset <= input.size(), "damage lies inside");
  return reading;
}

inline bool same_end(const CaptureEnd& a, const CaptureEnd& b) {
  return a.damaged == b.damaged && a.offset == b.offset && a.skipped == b.skipped && a.message == b.message;
}

// The same input in one piece and in small ones, through a buffer that has to grow.
inline void check_capture(Bytes input, std::size_t chunk) {
  if (is_compressed(input)) return;  // sizes are not those of the input then
  const Reading whole = read_checked(input, input.size() + 1, input.size() + 1);
  const Reading pieces = read_checked(input, chunk, chunk);
  require(whole.opened == pieces.opened, "opening does not depend on the pieces");
  require(whole.error.message == pieces.error.message, "nor does its error");
  require(whole.records == pieces.records, "nor do the records");
  require(same_end(whole.end, pieces.end), "nor does the end");
}

}  // namespace restitch::testing
