#include "packet/checksum.h"

#include <array>

#include "restitch/packet.h"

namespace restitch {
namespace {

constexpr std::size_t checksum_offset = 16;  // in a TCP header

// The length and protocol of a pseudo header. That of IPv4 has the same sum as that of IPv6.
std::uint64_t sum_length_and_protocol(std::size_t size) {
  constexpr std::uint8_t protocol_tcp = 6;
  const auto length = static_cast<std::uint32_t>(size);
  const std::array<std::uint8_t, 8> words{
      static_cast<std::uint8_t>(length >> 24),
      static_cast<std::uint8_t>(length >> 16),
      static_cast<std::uint8_t>(length >> 8),
      static_cast<std::uint8_t>(length),
      0,
      0,
      0,
      protocol_tcp,
  };
  return sum_words(words.data(), words.size());
}

}  // namespace

ChecksumState checksum_state(const NetFlow& net, const TcpSegment& tcp) {
  if (tcp.bytes.empty() || tcp.missing_size > 0) return ChecksumState::right;
  // The bytes in front of an IPv4 address are zero, so one sum serves both pseudo headers.
  const std::uint64_t addresses = sum_words(net.source.bytes.data(), net.source.bytes.size()) +
                                  sum_words(net.destination.bytes.data(), net.destination.bytes.size());
  const std::uint64_t pseudo = addresses + sum_length_and_protocol(tcp.bytes.size());
  if (fold_sum(pseudo + sum_words(tcp.bytes.data(), tcp.bytes.size())) == 0xffff) return ChecksumState::right;
  std::uint16_t field;
  std::memcpy(&field, &tcp.bytes[checksum_offset], sizeof field);
  // A card that cuts large segments wants the sum without their length.
  const bool unfilled =
      field == 0 || field == fold_sum(pseudo) || field == fold_sum(addresses + sum_length_and_protocol(0));
  return unfilled ? ChecksumState::unfilled : ChecksumState::wrong;
}

}  // namespace restitch
