#include "restitch/mirror_copies.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>

namespace restitch {
namespace {

constexpr std::size_t entry_count = std::size_t{1} << 14;
constexpr std::size_t header_size_max = 60;

// The header is digested where it lies; what else identifies a packet goes into the seed.
std::uint64_t digest_of(const DecodedPacket& packet) {
  using Words = std::array<std::uint64_t, 2>;
  const auto source = std::bit_cast<Words>(packet.net.source.bytes);
  const auto destination = std::bit_cast<Words>(packet.net.destination.bytes);
  const std::uint64_t size = packet.tcp.payload.size() + packet.tcp.missing_size;
  std::uint64_t seed = size << 16 | packet.ip_id;
  for (const std::uint64_t word : {source[0], source[1], destination[0], destination[1]}) {
    seed = (seed ^ word) * 0x9E3779B97F4A7C15;
    seed ^= seed >> 32;
  }
  const Bytes all = packet.tcp.bytes;
  const std::size_t header_size = std::min(all.size() - packet.tcp.payload.size(), header_size_max);
  return XXH3_64bits_withSeed(all.data(), header_size, seed);
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
