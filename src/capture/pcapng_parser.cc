#include "capture/pcapng_parser.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "base/clean_text.h"
#include "capture/byte_order.h"
#include "capture/pcapng_options.h"

namespace restitch {

namespace {

// Block types.
constexpr std::uint32_t section_header = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t obsolete_packet = 2;
constexpr std::uint32_t simple_packet = 3;
constexpr std::uint32_t interface_statistics = 5;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t decryption_secrets = 10;

constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;

// Type, length, the length again: what every block has.
constexpr std::uint32_t block_size_min = 12;
constexpr std::size_t section_size_min = 28;
constexpr std::size_t interface_size_min = 20;
constexpr std::size_t statistics_size_min = 24;
constexpr std::size_t secrets_size_min = 20;

// The type of secrets that are a key log of TLS.
constexpr std::uint32_t tls_key_log = 0x544c534b;
constexpr std::size_t packet_size_min = 32;
constexpr std::size_t simple_packet_size_min = 16;

// What pads the captured bytes of a packet; what is longer behind them is options.
constexpr std::size_t packet_padding_max = 3;

// The part of a block between its fixed head and the repeated length.
Bytes body(Bytes block, std::size_t head_size) {
  return block.subspan(head_size, block.size() - head_size - 4);
}

}  // namespace

bool PcapngParser::recognises(Bytes start) { return load32<false>(start.data()) == section_header; }

bool PcapngParser::has_byte_order(Bytes header) {
  const std::uint8_t* magic = header.data() + 8;
  return load32<false>(magic) == byte_order_magic || load32<true>(magic) == byte_order_magic;
}

Scan PcapngParser::scan(Bytes bytes, std::span<Record> out) {
  scan_size_ = bytes.size();
  Cursor cursor{bytes, out};
  bool more = section_seen_ || begin_section(cursor);
  while (more) {
    const Stop stop = swapped_ ? scan_blocks<true>(cursor) : scan_blocks<false>(cursor);
    more = stop == Stop::section && begin_section(cursor);
  }
  const std::size_t consumed = bytes.size() - cursor.rest.size();
  offset_ += consumed;
  return {consumed, cursor.records};
}

template <bool swapped>
PcapngParser::Stop PcapngParser::scan_blocks(Cursor& cursor) {
  while (cursor.records < cursor.out.size() && cursor.rest.size() >= block_size_min && damage_.empty()) {
    const std::uint8_t* p = cursor.rest.data();
    const std::uint32_t type = load32<swapped>(p);
    if (type == section_header) return Stop::section;
    const std::uint32_t length = load32<swapped>(p + 4);
    if (!block_is_whole<swapped>(cursor.rest, length)) break;
    if (type == enhanced_packet && length >= packet_size_min) [[likely]] {
      const std::uint64_t ticks = std::uint64_t{load32<swapped>(p + 12)} << 32 | load32<swapped>(p + 16);
      take_packet({load32<swapped>(p + 8), ticks, load32<swapped>(p + 20), load32<swapped>(p + 24),
                   Bytes(p + 28, length - packet_size_min), true},
                  cursor);
    } else {
      take_block<swapped>(type, cursor.rest.first(length), cursor);
      if (!damage_.empty()) break;
    }
    cursor.rest = cursor.rest.subspan(length);
  }
  return Stop::done;
}

// True when the block at the front of `rest` lies there whole. False otherwise, with damage_ set when
// its length cannot be true.
template <bool swapped>
bool PcapngParser::block_is_whole(Bytes rest, std::uint32_t length) {
  if (length < block_size_min || length % 4 != 0 || length > record_size_max) [[unlikely]] {
    damage_ = "a block claims a size of " + std::to_string(length) + " bytes";
    return false;
  }
  if (rest.size() < length) return false;
  const std::uint32_t again = load32<swapped>(rest.data() + length - 4);
  if (again != length) [[unlikely]] {
    damage_ =
        "the size of a block is given as " + std::to_string(length) + " and as " + std::to_string(again);
    return false;
  }
  return true;
}

// Blocks other than the enhanced packet block. One that is too small for its fields is passed over if it
// is about an interface (packets that refer to it will tell), and counted if it holds a packet.
template <bool swapped>
void PcapngParser::take_block(std::uint32_t type, Bytes block, Cursor& cursor) {
  switch (type) {
    case enhanced_packet:
      return skip_packet(cursor, "a packet block of only " + std::to_string(block.size()) + " bytes");
    case obsolete_packet: {
      if (block.size() < packet_size_min)
        return skip_packet(cursor, "a packet block without room for its fields");
      const std::uint8_t* p = block.data();
      const std::uint64_t ticks = std::uint64_t{load32<swapped>(p + 12)} << 32 | load32<swapped>(p + 16);
      return take_packet({load16<swapped>(p + 8), ticks, load32<swapped>(p + 20), load32<swapped>(p + 24),
                          body(block, 28), true},
                         cursor);
    }
    case simple_packet:
      return take_simple_packet<swapped>(block, cursor);
    case interface_description:
      return take_interface<swapped>(block);
    case interface_statistics:
      return take_statistics<swapped>(block);
    case decryption_secrets:
      return take_secrets<swapped>(block);
    default:
      return;
  }
}

template <bool swapped>
void PcapngParser::take_secrets(Bytes block) {
  if (block.size() < secrets_size_min || load32<swapped>(block.data() + 8) != tls_key_log) return;
  const Bytes room = body(block, 16);
  const std::size_t size = std::min<std::size_t>(load32<swapped>(block.data() + 12), room.size());
  // Whoever hears of them keeps what they say.
  if (size == 0 || memory_ == nullptr || size > secrets_size_max - secrets_size_ ||
      !take(secrets_cost * size))
    return;
  secrets_size_ += size;
  std::string lines(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
  if (!lines.ends_with('\n')) lines += '\n';
  memory_->tell_tls_secrets(lines);
}

void PcapngParser::take_packet(const Packet& packet, Cursor& cursor) {
  if (packet.interface >= interfaces_.size()) [[unlikely]] {
    return skip_packet(cursor, "interface " + std::to_string(packet.interface) + " is not defined");
  }
  if (packet.captured > packet.room.size()) [[unlikely]] {
    return skip_packet(cursor, "a packet of " + std::to_string(packet.captured) +
                                   " bytes in a block with room for " + std::to_string(packet.room.size()));
  }
  const Interface& interface = interfaces_[packet.interface];
  deliver(packet, interface, interface.scale.to_ns(packet.ticks), cursor);
  if (packet.options && packet.room.size() - packet.captured > packet_padding_max) [[unlikely]] {
    take_packet_comments(packet);
  }
}

void PcapngParser::take_packet_comments(const Packet& packet) {
  const std::size_t padded = (std::size_t{packet.captured} + 3) / 4 * 4;
  const Bytes options = packet.room.subspan(padded);
  const auto take = [&](std::uint16_t code, Bytes value) {
    if (code != option_comment) return;
    ++metadata_.packet_comment_count;
    if (metadata_.packet_comments.size() == comments_max) return;
    metadata_.packet_comments.push_back({records_, 0, text(value)});
  };
  swapped_ ? for_each_option<true>(options, take) : for_each_option<false>(options, take);
}

// A simple packet block belongs to the first interface, has no time, and says only how long the packet
// was: what is captured of it is that, or the snap length, and in any case not more than the block holds.
template <bool swapped>
void PcapngParser::take_simple_packet(Bytes block, Cursor& cursor) {
  if (block.size() < simple_packet_size_min)
    return skip_packet(cursor, "a packet block without room for its fields");
  if (interfaces_.empty()) return skip_packet(cursor, "interface 0 is not defined");
  const Interface& interface = interfaces_.front();
  Packet packet;
  packet.original = load32<swapped>(block.data() + 8);
  packet.room = body(block, 12);
  packet.captured = std::min(packet.original, static_cast<std::uint32_t>(packet.room.size()));
  if (interface.snap_size != 0) packet.captured = std::min(packet.captured, interface.snap_size);
  deliver(packet, interface, 0, cursor);
}

void PcapngParser::deliver(const Packet& packet, const Interface& interface, std::int64_t ns,
                           Cursor& cursor) {
  Record& record = cursor.out[cursor.records++];
  record.info.timestamp.ns = ns;
  record.info.packet_number = ++records_;
  record.info.user_tag = 0;
  record.info.captured_size = packet.captured;
  record.info.original_size = std::max(packet.captured, packet.original);
  record.info.interface_index = interface.index;
  record.info.source_index = 0;
  record.link_type = interface.link_type;
  record.frame = packet.room.first(packet.captured);
}

template <bool swapped>
void PcapngParser::take_interface(Bytes block) {
  if (block.size() < interface_size_min) return;
  if (metadata_.interfaces.size() == interfaces_max) {
    damage_ = "more than " + std::to_string(interfaces_max) + " interfaces";
    return;
  }
  if (!take(interface_size)) {
    damage_ = "no memory for one more interface (see --memory)";
    return;
  }
  CaptureInterface about;
  about.link_type = static_cast<LinkType>(load16<swapped>(block.data() + 8));
  about.snap_size = load32<swapped>(block.data() + 12);
  about.section = sections_ - 1;
  std::uint8_t resolution = 6;
  std::int64_t offset_s = 0;
  for_each_option<swapped>(body(block, 16), [&](std::uint16_t code, Bytes value) {
    switch (code) {
      case option_comment:
        about.comment = text(value);
        break;
      case option_if_name:
        about.name = text(value);
        break;
      case option_if_description:
        about.description = text(value);
        break;
      // The first byte says how the filter is written; 0 is a string.
      case option_if_filter:
        if (!value.empty() && value[0] == 0) about.filter = text(value.subspan(1));
        break;
      case option_if_tsresol:
        if (value.size() == 1) resolution = value[0];
        break;
      case option_if_tsoffset:
        if (value.size() == 8) offset_s = static_cast<std::int64_t>(load64<swapped>(value.data()));
        break;
      default:
        break;
    }
  });
  const auto index = static_cast<std::uint32_t>(metadata_.interfaces.size());
  interfaces_.push_back({about.link_type, about.snap_size, index, TimeScale(resolution, offset_s)});
  metadata_.interfaces.push_back(std::move(about));
}

template <bool swapped>
void PcapngParser::take_statistics(Bytes block) {
  if (block.size() < statistics_size_min) return;
  const std::uint32_t id = load32<swapped>(block.data() + 8);
  if (id >= interfaces_.size()) return;
  CaptureInterface& about = metadata_.interfaces[interfaces_[id].index];
  for_each_option<swapped>(body(block, 20), [&](std::uint16_t code, Bytes value) {
    if (value.size() != 8) return;
    const std::uint64_t number = load64<swapped>(value.data());
    switch (code) {
      case option_isb_ifrecv:
        about.received = number;
        break;
      case option_isb_ifdrop:
        about.dropped = number;
        break;
      case option_isb_osdrop:
        about.os_dropped = number;
        break;
      default:
        break;
    }
  });
}

// Reads the section header at the front. False when it is not there whole, or is damaged.
bool PcapngParser::begin_section(Cursor& cursor) {
  if (cursor.rest.size() < block_size_min) return false;
  const std::uint8_t* magic = cursor.rest.data() + 8;
  if (load32<false>(magic) == byte_order_magic) return take_section<false>(cursor);
  if (load32<true>(magic) == byte_order_magic) return take_section<true>(cursor);
  damage_ = "a section header without byte-order magic";
  return false;
}

template <bool swapped>
bool PcapngParser::take_section(Cursor& cursor) {
  const std::uint32_t length = load32<swapped>(cursor.rest.data() + 4);
  if (!block_is_whole<swapped>(cursor.rest, length)) return false;
  const Bytes block = cursor.rest.first(length);
  if (length < section_size_min) {
    damage_ = "a section header of only " + std::to_string(length) + " bytes";
    return false;
  }
  const std::uint16_t major = load16<swapped>(block.data() + 12);
  if (major != 1) {
    damage_ = "a section in pcapng version " + std::to_string(major) + ", which is not known";
    return false;
  }
  for_each_option<swapped>(body(block, 24), [&](std::uint16_t code, Bytes value) {
    switch (code) {
      case option_comment:
        if (metadata_.comments.size() < comments_max) metadata_.comments.push_back(text(value));
        break;
      case option_shb_hardware:
        metadata_.hardware = text(value);
        break;
      case option_shb_os:
        metadata_.os = text(value);
        break;
      case option_shb_application:
        metadata_.application = text(value);
        break;
      default:
        break;
    }
  });
  swapped_ = swapped;
  section_seen_ = true;
  ++sections_;
  interfaces_.clear();
  cursor.rest = cursor.rest.subspan(length);
  return true;
}

void PcapngParser::skip_packet(const Cursor& cursor, std::string reason) {
  if (skipped_.count++ > 0) return;
  skipped_.offset = offset_ + (scan_size_ - cursor.rest.size());
  skipped_.reason = std::move(reason);
}

// A text option as it is to be kept, charged to the limit for all of them. Some writers end it with a zero
// byte.
std::string PcapngParser::text(Bytes value) {
  while (!value.empty() && value.back() == 0) value = value.first(value.size() - 1);
  const std::size_t size = std::min(value.size(), text_size_max - text_size_);
  if (!take(size)) return {};
  std::string cleaned = clean_text({reinterpret_cast<const char*>(value.data()), size});
  text_size_ = std::min(text_size_ + cleaned.size(), text_size_max);
  return cleaned;
}

std::string PcapngParser::place() const {
  return records_ == 0 ? "in a block before the first record"
                       : "in the middle of a block after record " + std::to_string(records_);
}

std::string PcapngParser::format_name() const {
  if (!section_seen_) return "pcapng";
  const bool big = swapped_ == (std::endian::native == std::endian::little);
  return big ? "pcapng, big-endian" : "pcapng, little-endian";
}

}  // namespace restitch
