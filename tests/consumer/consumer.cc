// What a user of the installed library writes first: read a capture, look at its segments. Built by
// find_package and by pkg-config (consume.py); nothing here knows the tree the library was built in.
#include <cstddef>
#include <cstdio>

#if __has_include(<restitch/restitch.h>)
#include <restitch/restitch.h>

int main(int argc, char** argv) {
  auto reader = restitch::open_capture(argc > 1 ? argv[1] : "-");
  if (!reader) {
    std::fprintf(stderr, "%s\n", reader.error().message.c_str());
    return 2;
  }
  std::size_t segments = 0;
  std::size_t payload_size = 0;
  while (!(*reader)->finished()) {
    for (const restitch::Record& record : (*reader)->next_batch()) {
      const auto packet = restitch::decode(record.link_type, record.frame, record.info.original_size);
      if (packet.reason != restitch::DropReason::none) continue;
      segments += 1;
      payload_size += packet.tcp.payload.size();
    }
  }
  std::printf("%zu segments, %zu bytes of payload\n", segments, payload_size);
  return segments > 0 && payload_size > 0 ? 0 : 1;
}
#else
#include "one_module.cc"
#endif
