#include "restitch/mirror_copies.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace restitch {
namespace {

constexpr std::size_t entry_count = std::size_t{1} << 14;
constexpr std::size_t header_size_max = 60;

struct Identity {
  std::array<std::uint8_t, 16> source;
  std::array<std::uint8_t, 16> destination;
  std::array<std::uint8_t, header_size_max> header{};
  std::uint16_t ip_id = 0;
  std::uint64_t payload_size = 0;
};

std::uint64_t digest_of(const DecodedPacket& packet) {
  Identity identity;
  std::memset(static_cast<void*>(&identity), 0, sizeof identity);  // what lies between the members counts too
  identity.source = packet.net.source.bytes;
  identity.destination = packet.net.destination.bytes;
  const Bytes all = packet.tcp.bytes;
  const std::size_t header_size = std::min(all.size() - packet.tcp.payload.size(), header_size_max);
  std::memcpy(identity.header.data(), all.data(), header_size);
  identity.ip_id = packet.ip_id;
  identity.payload_size = packet.tcp.payload.size() + packet.tcp.missing_size;
  return XXH3_64bits(&identity, sizeof identity);
}

}  // namespace

MirrorCopies::MirrorCopies(std::int64_t window_ns) : window_ns_(window_ns), entries_(entry_count) {}

bool MirrorCopies::seen_before(const DecodedPacket& packet, Timestamp time) {
  if (packet.tcp.bytes.empty()) return false;
  const std::uint64_t digest = digest_of(packet);
  Entry& entry = entries_[digest % entry_count];
  const std::int64_t window = packet.ip_id == 0 ? std::min(window_ns_, unnumbered_window_ns) : window_ns_;
  std::int64_t age = 0;
  const bool again = entry.digest == digest && !__builtin_sub_overflow(time.ns, entry.time.ns, &age) &&
                     age <= window && age >= -window;
  entry = {digest, time};
  return again;
}

}  // namespace restitch
