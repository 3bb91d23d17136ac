#include "generate/frame.h"

#include <algorithm>

namespace restitch::bench {

namespace {

using Buffer = std::vector<std::uint8_t>;

void put8(Buffer& out, unsigned value) { out.push_back(static_cast<std::uint8_t>(value)); }
void put16(Buffer& out, unsigned value) {
  put8(out, value >> 8);
  put8(out, value & 0xFF);
}
void put32(Buffer& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xFFFF);
}

// The Internet checksum (RFC 1071), not yet folded.
std::uint64_t add_up(const std::uint8_t* bytes, std::size_t size, std::uint64_t sum) {
  for (std::size_t i = 0; i + 1 < size; i += 2) sum += static_cast<unsigned>(bytes[i] << 8 | bytes[i + 1]);
  if (size % 2 != 0) sum += static_cast<unsigned>(bytes[size - 1] << 8);
  return sum;
}

void set_checksum(std::uint8_t* place, std::uint64_t sum) {
  while ((sum >> 16) != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  place[0] = static_cast<std::uint8_t>(~sum >> 8);
  place[1] = static_cast<std::uint8_t>(~sum);
}

std::size_t option_size(const Flow& flow, bool syn) {
  return (syn ? 8U : 0U) + (flow.timestamps() ? 12U : 0U);
}

void put_options(const Flow& flow, bool syn, std::uint32_t clock, Buffer& out) {
  if (syn) {
    put32(out, flow.ipv6() ? 0x020405A0 : 0x020405B4);  // MSS 1440 or 1460
    put32(out, 0x01030307);                             // NOP, window scale 7
  }
  if (!flow.timestamps()) return;
  put32(out, 0x0101080A);
  put32(out, clock);
  put32(out, clock - 1);
}

void put_ethernet(bool ipv6, Buffer& out) {
  for (const unsigned byte : {2U, 0U, 0U, 0U, 0U, 1U, 2U, 0U, 0U, 0U, 0U, 2U}) put8(out, byte);
  put16(out, ipv6 ? 0x86DD : 0x0800);
}

void put_ipv6(const End& from, const End& to, std::size_t payload, Buffer& out) {
  put32(out, 0x60000000);
  put16(out, static_cast<unsigned>(payload));
  put16(out, 6 << 8 | 64);
  out.insert(out.end(), from.address.begin(), from.address.end());
  out.insert(out.end(), to.address.begin(), to.address.end());
}

void put_ipv4(const End& from, const End& to, std::size_t payload, std::uint32_t clock, Buffer& out) {
  const std::size_t at = out.size();
  put16(out, 0x4500);
  put16(out, static_cast<unsigned>(payload + 20));
  put16(out, clock & 0xFFFF);
  put16(out, 0x4000);
  put16(out, 64 << 8 | 6);
  put16(out, 0);
  out.insert(out.end(), from.address.begin(), from.address.begin() + 4);
  out.insert(out.end(), to.address.begin(), to.address.begin() + 4);
  set_checksum(&out[at + 10], add_up(&out[at], 20, 0));
}

std::uint32_t sequence_of(const End& end, std::uint64_t offset) {
  return end.initial_sequence + 1 + static_cast<std::uint32_t>(offset);
}

void put_tcp(const Flow& flow, const Segment& segment, std::uint32_t clock, Buffer& out) {
  const End& from = flow.end(segment.side);
  const End& to = flow.end(other(segment.side));
  const bool syn = (segment.flags & flag_syn) != 0;
  const bool acknowledges = (segment.flags & flag_ack) != 0;
  put16(out, from.port);
  put16(out, to.port);
  const std::uint32_t after_fin = from.finished && segment.size == 0 ? 1 : 0;
  put32(out, syn ? from.initial_sequence : sequence_of(from, segment.offset) + after_fin);
  put32(out, acknowledges ? sequence_of(to, segment.acknowledged) : 0);
  put16(out, static_cast<unsigned>((20 + option_size(flow, syn)) / 4 << 12) | segment.flags);
  put16(out, 65535);
  put32(out, 0);
  put_options(flow, syn, clock, out);
  const auto bytes = flow.content(segment.side, segment.offset, segment.size);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void build_frame(const Flow& flow, const Segment& segment, std::uint32_t clock, Buffer& frame) {
  const End& from = flow.end(segment.side);
  const End& to = flow.end(other(segment.side));
  const std::size_t size = 20 + option_size(flow, (segment.flags & flag_syn) != 0) + segment.size;
  frame.clear();
  put_ethernet(flow.ipv6(), frame);
  flow.ipv6() ? put_ipv6(from, to, size, frame) : put_ipv4(from, to, size, clock, frame);
  const std::size_t at = frame.size();
  put_tcp(flow, segment, clock, frame);
  const std::size_t address_size = flow.ipv6() ? 16 : 4;
  std::uint64_t sum = size + 6;
  sum = add_up(from.address.data(), address_size, sum);
  sum = add_up(to.address.data(), address_size, sum);
  set_checksum(&frame[at + 16], add_up(&frame[at], size, sum));
}

}  // namespace restitch::bench
