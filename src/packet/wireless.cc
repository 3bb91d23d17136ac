#include "packet/wireless.h"

#include "packet/link_layer.h"

namespace restitch {
namespace {

constexpr std::uint32_t avs_magic = 0x80211000;  // the last digit is the version

// The flags byte of a radiotap header of `size` bytes; 0 if it has none. Fields are aligned to their size.
std::uint8_t radiotap_flags(const std::uint8_t* header, std::size_t size) {
  constexpr std::uint32_t present_time = 1u << 0;
  constexpr std::uint32_t present_flags = 1u << 1;
  constexpr std::uint32_t present_more = 1u << 31;
  const std::uint32_t present = load_le32(header + 4);
  if ((present & present_flags) == 0) return 0;
  std::size_t at = 4;
  do {
    at += 4;
  } while (at + 4 <= size && (load_le32(header + at - 4) & present_more) != 0);
  if ((present & present_time) != 0) at = ((at + 7) & ~std::size_t{7}) + 8;
  return at < size ? header[at] : std::uint8_t{0};
}

// Bytes in front of the payload of a data frame, by its two bytes of frame control.
std::size_t data_header_size(std::uint8_t type, std::uint8_t flags) {
  constexpr std::uint8_t quality_of_service = 0x80;
  constexpr std::uint8_t both_ways = 0x03;  // to and from the distribution system: a fourth address
  constexpr std::uint8_t order = 0x80;      // in a frame with quality of service: HT control
  std::size_t size = 24;
  if ((flags & both_ways) == both_ways) size += 6;
  if ((type & quality_of_service) != 0) size += (flags & order) != 0 ? 6 : 2;
  return size;
}

// Why a frame cannot be read further; none: it can.
DropReason obstacle(std::uint8_t type, std::uint8_t flags, std::uint8_t fragment_number) {
  constexpr std::uint8_t data_frame = 0x08;
  constexpr std::uint8_t without_data = 0x40;
  constexpr std::uint8_t encrypted = 0x40;
  constexpr std::uint8_t more_fragments = 0x04;
  if ((type & 0x0f) != data_frame || (type & without_data) != 0) return DropReason::not_ip;
  if ((flags & encrypted) != 0) return DropReason::encrypted;
  return (flags & more_fragments) != 0 || fragment_number != 0 ? DropReason::link_fragment : DropReason::none;
}

// `padded`: the driver aligned the payload to four bytes.
Header enter_data_frame(bool padded, Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size_min = 24;
  constexpr std::uint8_t quality_of_service = 0x80;
  constexpr std::uint8_t aggregated = 0x80;
  if (walk.captured < header_size_min) return drop(packet, DropReason::truncated);
  const std::uint8_t type = walk.data[0];
  const std::uint8_t flags = walk.data[1];
  const DropReason reason = obstacle(type, flags, walk.data[22] & 0x0f);
  if (reason != DropReason::none) return drop(packet, reason);
  std::size_t size = data_header_size(type, flags);
  if (padded) size = (size + 3) & ~std::size_t{3};
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  const std::size_t control = (flags & 0x03) == 0x03 ? 30 : 24;
  const bool is_aggregate = (type & quality_of_service) != 0 && (walk.data[control] & aggregated) != 0;
  return enter_behind(size, is_aggregate ? Header::aggregate : Header::llc, walk, packet);
}

// Addresses and a length are in front of each frame of an aggregate.
constexpr std::size_t subframe_header_size = 14;

// Notes what stands behind a subframe of `size` bytes, which is padded to four.
void note_rest(std::size_t size, const Walk& walk, DecodedPacket& packet) {
  const std::size_t padded = (size + 3) & ~std::size_t{3};
  packet.more = walk.wire >= padded + subframe_header_size;
  if (!packet.more || walk.notes == nullptr) return;
  Walk rest = walk;
  rest.depth = walk.depth - 1;  // the next one lies beside this one, not in it
  const std::size_t seen = std::min(padded, walk.captured);
  rest.skip(seen);
  rest.wire -= padded - seen;
  rest.declared -= padded - seen;
  walk.notes->aggregate.emplace(Aggregate{rest, packet, walk.notes->layers.items().size()});
}

}  // namespace

// One frame of an aggregate; it is bounded by its own length, and the others are noted.
Header enter_aggregate(Walk& walk, DecodedPacket& packet) {
  if (walk.in_aggregate) return drop(packet, DropReason::too_deep);
  packet.more = false;
  if (walk.captured < subframe_header_size) return drop(packet, DropReason::truncated);
  const std::size_t size = subframe_header_size + load_be16(walk.data + 12);
  note_rest(size, walk, packet);
  walk.in_aggregate = true;
  walk.limit(size);
  return enter_behind(subframe_header_size, Header::llc, walk, packet);
}

Header enter_ieee80211(Walk& walk, DecodedPacket& packet) { return enter_data_frame(false, walk, packet); }

Header enter_radiotap(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t header_size_min = 8;
  constexpr std::uint8_t flag_checked = 0x10;  // four bytes of checksum behind the frame
  constexpr std::uint8_t flag_padded = 0x20;
  if (walk.captured < header_size_min) return drop(packet, DropReason::truncated);
  const std::size_t size = load_le16(walk.data + 2);
  if (walk.data[0] != 0 || size < header_size_min) return drop(packet, DropReason::not_ip);
  if (walk.captured < size) return drop(packet, DropReason::truncated);
  const std::uint8_t flags = radiotap_flags(walk.data, size);
  walk.skip(size);
  if ((flags & flag_checked) != 0 && walk.wire >= 4) walk.limit(walk.wire - 4);
  return enter_data_frame((flags & flag_padded) != 0, walk, packet);
}

// Prism and AVS share a number. Prism's length is in the byte order of the capturing host.
Header enter_prism(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t prism_size = 144;
  if (walk.captured < 8) return drop(packet, DropReason::truncated);
  if ((load_be32(walk.data) & 0xfffff000) == avs_magic) return Header::avs;
  return enter_behind(prism_size, Header::ieee80211, walk, packet);
}

Header enter_avs(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t size_min = 8;
  if (walk.captured < size_min) return drop(packet, DropReason::truncated);
  const std::size_t size = load_be32(walk.data + 4);
  if ((load_be32(walk.data) & 0xfffff000) != avs_magic || size < size_min)
    return drop(packet, DropReason::not_ip);
  return enter_behind(size, Header::ieee80211, walk, packet);
}

// Per-Packet Information: any other link type behind a list of fields.
Header enter_ppi(Walk& walk, DecodedPacket& packet) {
  constexpr std::size_t size_min = 8;
  if (walk.captured < size_min) return drop(packet, DropReason::truncated);
  const std::size_t size = load_le16(walk.data + 2);
  const std::uint32_t link_type = load_le32(walk.data + 4);
  const Header next = link_type <= 0xffff ? first_header(static_cast<LinkType>(link_type)) : Header::dropped;
  if (size < size_min || next == Header::dropped) return drop(packet, DropReason::not_ip);
  return enter_behind(size, next, walk, packet);
}

}  // namespace restitch
