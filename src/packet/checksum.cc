#include "packet/checksum.h"

#include <array>

#include "restitch/packet.h"

namespace restitch {

bool checksum_ok(const NetFlow& net, const TcpSegment& tcp) {
  if (tcp.bytes.empty() || tcp.missing_size > 0) return true;
  constexpr std::uint8_t protocol_tcp = 6;
  const auto size = static_cast<std::uint32_t>(tcp.bytes.size());
  const std::array<std::uint8_t, 8> length_and_protocol{
      static_cast<std::uint8_t>(size >> 24),
      static_cast<std::uint8_t>(size >> 16),
      static_cast<std::uint8_t>(size >> 8),
      static_cast<std::uint8_t>(size),
      0,
      0,
      0,
      protocol_tcp,
  };
  // The bytes in front of an IPv4 address are zero, so one sum serves both pseudo headers.
  const std::uint64_t sum = sum_words(net.source.bytes.data(), net.source.bytes.size()) +
                            sum_words(net.destination.bytes.data(), net.destination.bytes.size()) +
                            sum_words(length_and_protocol.data(), length_and_protocol.size()) +
                            sum_words(tcp.bytes.data(), tcp.bytes.size());
  return fold_sum(sum) == 0xffff;
}

}  // namespace restitch
