#include "generate/flow.h"

#include <zlib.h>

#include <algorithm>

#include "generate/random.h"

namespace restitch::bench {

namespace {

// All content is cut from one pool of noise whose size is a prime, so that bytes from a wrong offset or
// of another flow do not look right. Its begin is repeated behind its end.
constexpr std::size_t pool_size = 1048573;

const std::vector<std::uint8_t>& pool() {
  static const std::vector<std::uint8_t> bytes = [] {
    std::vector<std::uint8_t> made(pool_size + Flow::content_run);
    Random random(1);
    for (std::size_t i = 0; i < pool_size; ++i) made[i] = static_cast<std::uint8_t>(random.next());
    std::copy_n(made.begin(), Flow::content_run, made.begin() + pool_size);
    return made;
  }();
  return bytes;
}

void write_end(std::FILE* file, const End& end, bool ipv6) {
  for (std::size_t i = 0; i < (ipv6 ? 16U : 4U); ++i) std::fprintf(file, "%02x", end.address[i]);
  std::fprintf(file, ":%u ", end.port);
}

}  // namespace

Flow::Flow(std::uint32_t number, bool ipv6, bool timestamps, std::uint32_t first_sequence)
    : number_(number), ipv6_(ipv6), timestamps_(timestamps) {
  End& client = end(Side::client);
  End& server = end(Side::server);
  const auto byte = [number](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
  if (ipv6) {
    client.address = {0x20, 0x01, 0x0d, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, byte(24), byte(16), byte(8), byte(0)};
    server.address = {0x20, 0x01, 0x0d, 0xb8, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(0)};
  } else {
    client.address = {10, byte(16), byte(8), byte(0)};
    server.address = {172, 16, static_cast<std::uint8_t>(byte(0) & 15), byte(4)};
  }
  Random random(number);
  client.port = static_cast<std::uint16_t>(random.between(1024, 65535));
  server.port = 443;
  client.initial_sequence = first_sequence;
  server.initial_sequence = first_sequence ^ 0x5555;
}

std::span<const std::uint8_t> Flow::content(Side side, std::uint64_t offset, std::size_t size) const {
  const std::uint64_t start = number_ * 7919ULL + (side == Side::server ? 524287 : 0);
  return std::span(pool()).subspan((start + offset) % pool_size, size);
}

void Flow::lose(Side side, std::uint64_t begin, std::uint64_t end_offset) {
  end(side).missing.emplace_back(begin, end_offset);
}

void Flow::capture(Side side, std::uint64_t begin, std::uint64_t end_offset) {
  auto& missing = end(side).missing;
  for (std::size_t i = missing.size(); i-- > 0;) {
    const auto [from, to] = missing[i];
    if (to <= begin || end_offset <= from) continue;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    if (from < begin) missing.emplace_back(from, begin);
    if (end_offset < to) missing.emplace_back(end_offset, to);
  }
}

std::uint64_t Flow::acknowledged(Side side, std::uint64_t packets) const {
  const End& from = end(side);
  std::uint64_t upto = from.sent + (from.finished ? 1 : 0);
  for (const auto& [due, offset] : from.late) {
    if (due > packets) upto = std::min(upto, offset);
  }
  return upto;
}

std::uint32_t Flow::captured_crc(Side side) const {
  auto gaps = end(side).missing;
  std::sort(gaps.begin(), gaps.end());
  gaps.emplace_back(end(side).sent, end(side).sent);
  uLong crc = crc32(0, nullptr, 0);
  std::uint64_t at = 0;
  for (const auto& [from, to] : gaps) {
    while (at < from) {
      const auto bytes = content(side, at, std::min<std::uint64_t>(from - at, content_run));
      crc = crc32(crc, bytes.data(), static_cast<uInt>(bytes.size()));
      at += bytes.size();
    }
    at = to;
  }
  return static_cast<std::uint32_t>(crc);
}

void Flow::write_truth(std::FILE* file) const {
  for (const Side side : {Side::client, Side::server}) {
    const End& from = end(side);
    if (from.sent == 0) continue;
    std::uint64_t missing = 0;
    for (const auto& [begin, stop] : from.missing) missing += stop - begin;
    write_end(file, from, ipv6_);
    write_end(file, end(other(side)), ipv6_);
    std::fprintf(file, "%llu %08x %llu\n", static_cast<unsigned long long>(from.sent - missing),
                 captured_crc(side), static_cast<unsigned long long>(missing));
  }
}

}  // namespace restitch::bench
