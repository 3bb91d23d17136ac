#include "capture/pcap_parser.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "capture/byte_order.h"

namespace restitch {

namespace {

constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t magic_modified = 0xa1b2cd34;

bool is_magic(std::uint32_t value) {
  return value == magic_microseconds || value == magic_nanoseconds || value == magic_modified;
}

}  // namespace

bool PcapParser::recognises(Bytes start) {
  return is_magic(load32<false>(start.data())) || is_magic(load32<true>(start.data()));
}

PcapParser::PcapParser(Bytes header) : swapped_(is_magic(load32<true>(header.data()))) {
  const auto field16 = [&](std::size_t at) {
    return swapped_ ? load16<true>(header.data() + at) : load16<false>(header.data() + at);
  };
  const auto field32 = [&](std::size_t at) {
    return swapped_ ? load32<true>(header.data() + at) : load32<false>(header.data() + at);
  };
  nanoseconds_ = field32(0) == magic_nanoseconds;
  modified_ = field32(0) == magic_modified;
  record_header_size_ = modified_ ? 24 : 16;
  size_order_old_ = field16(4) == 2 && field16(6) < 3;
  size_order_unknown_ = field16(4) == 2 && field16(6) == 3;
  link_type_ = static_cast<LinkType>(field32(20) & 0xffff);  // above it: length of the frame check sequence
  offset_ = file_header_size;
  CaptureInterface& interface = metadata_.interfaces.emplace_back();
  interface.link_type = link_type_;
  interface.snap_size = field32(16);
}

Scan PcapParser::scan(Bytes bytes, std::span<Record> out) {
  const Scan result = swapped_ ? scan_records<true>(bytes, out) : scan_records<false>(bytes, out);
  offset_ += result.consumed;
  records_ += result.records;
  return result;
}

template <bool swapped>
Scan PcapParser::scan_records(Bytes bytes, std::span<Record> out) {
  const std::uint8_t* p = bytes.data();
  const std::uint8_t* const end = p + bytes.size();
  const std::size_t header_size = record_header_size_;
  const std::int64_t unit_ns = nanoseconds_ ? 1 : 1000;
  std::uint64_t number = records_;
  std::size_t count = 0;
  while (count < out.size() && static_cast<std::size_t>(end - p) >= header_size) {
    std::uint32_t captured = load32<swapped>(p + 8);
    std::uint32_t original = load32<swapped>(p + 12);
    if (size_order_old_ || (size_order_unknown_ && captured > original)) std::swap(captured, original);
    if (captured > record_size_max) {
      damage_ = "record " + std::to_string(number + 1) + " claims " + std::to_string(captured) + " bytes";
      break;
    }
    if (static_cast<std::size_t>(end - p) - header_size < captured) break;
    Record& record = out[count++];
    // At most 2^32 · 10^9 + 2^32 · 10^3, which is below 2^63.
    record.info.timestamp.ns =
        std::int64_t{load32<swapped>(p)} * 1'000'000'000 + std::int64_t{load32<swapped>(p + 4)} * unit_ns;
    record.info.packet_number = ++number;
    record.info.user_tag = 0;
    record.info.captured_size = captured;
    record.info.original_size = std::max(captured, original);
    record.info.interface_index = 0;
    record.info.source_index = 0;
    record.link_type = link_type_;
    record.frame = Bytes(p + header_size, captured);
    p += header_size + captured;
  }
  return {static_cast<std::size_t>(p - bytes.data()), count};
}

std::string PcapParser::place() const { return "in the middle of record " + std::to_string(records_ + 1); }

std::string PcapParser::format_name() const {
  const bool big = swapped_ == (std::endian::native == std::endian::little);
  std::string name = modified_ ? "modified pcap" : "pcap";
  name += big ? ", big-endian" : ", little-endian";
  return name + (nanoseconds_ ? ", nanoseconds" : ", microseconds");
}

}  // namespace restitch
