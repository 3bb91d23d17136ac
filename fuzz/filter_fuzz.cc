// A filter over any frame: the first byte chooses the expression, the next two the link type, the fourth how
// much the snap length cut. libpcap's programs must keep inside the frame.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "restitch/capture_filter.h"

namespace {

using restitch::PacketFilter;

constexpr std::array expressions{
    "tcp port 80", "ip6 and tcp[13] & 2 != 0",   "vlan and host 192.0.2.1", "not udp", "len > 100",
    "mpls and ip", "ether src 02:00:00:00:00:01"};

PacketFilter& filter(std::size_t which) {
  static std::vector<PacketFilter> filters = [] {
    std::vector<PacketFilter> all;
    for (const char* expression : expressions) all.push_back(std::move(*PacketFilter::compile(expression)));
    return all;
  }();
  return filters[which % filters.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  // Link types that exist, so that the list of programs stays short.
  const auto link_type = static_cast<restitch::LinkType>((data[1] << 8 | data[2]) % 300);
  const std::size_t frame_size = size - 4;
  // A block of its own, so that AddressSanitizer guards both ends.
  const auto block = std::make_unique<std::uint8_t[]>(frame_size);
  if (frame_size > 0) std::memcpy(block.get(), data + 4, frame_size);
  PacketFilter& chosen = filter(data[0]);
  const restitch::Bytes frame(block.get(), frame_size);
  const bool first = chosen.matches(link_type, frame, frame_size + data[3]);
  if (chosen.matches(link_type, frame, frame_size + data[3]) != first) std::abort();
  return 0;
}
