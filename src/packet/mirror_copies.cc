#include "restitch/mirror_copies.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>

#include "restitch/detail/prefetch.h"

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
  // Any odd numbers, so that no product has to wait for another.
  const std::uint64_t addresses = source[0] * 0x9E3779B97F4A7C15 + source[1] * 0xC2B2AE3D27D4EB4F +
                                  destination[0] * 0x165667B19E3779F9 + destination[1] * 0x27D4EB2F165667C5;
  const std::uint64_t seed = (addresses ^ addresses >> 32) + (size << 16 | packet.ip_id);
  const Bytes all = packet.tcp.bytes;
  const std::size_t header_size = std::min(all.size() - packet.tcp.payload.size(), header_size_max);
  return XXH3_64bits_withSeed(all.data(), header_size, seed);
}

}  // namespace

MirrorCopies::MirrorCopies(std::int64_t window_ns) : window_ns_(window_ns), entries_(entry_count) {}

MirrorCopies::Question MirrorCopies::ask(const DecodedPacket& packet, Timestamp time) const {
  Question question;
  if (packet.tcp.bytes.empty()) return question;
  question.digest = digest_of(packet);
  question.time = time;
  question.numbered = packet.ip_id != 0;
  detail::prefetch(&entries_[question.digest % entry_count]);
  return question;
}

bool MirrorCopies::seen_before(const Question& question) {
  if (question.digest == 0) return false;  // without a header to tell it by
  Entry& entry = entries_[question.digest % entry_count];
  const std::int64_t window = question.numbered ? window_ns_ : std::min(window_ns_, unnumbered_window_ns);
  std::int64_t age = 0;
  const bool again = entry.digest == question.digest &&
                     !__builtin_sub_overflow(question.time.ns, entry.time.ns, &age) && age <= window &&
                     age >= -window;
  entry = {question.digest, question.time};
  return again;
}

}  // namespace restitch
