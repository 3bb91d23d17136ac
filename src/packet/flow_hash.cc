#include "restitch/detail/flow_hash.h"

#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "packet/plain.h"

namespace restitch::detail {
namespace {

constexpr std::uint64_t odd_multiplier = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio

std::uint64_t load_word(const std::uint8_t* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// An address as IpAddress::bytes has it: IPv4 in the last four of sixteen.
struct Words {
  std::uint64_t first;
  std::uint64_t second;
};

Words words_of(const std::uint8_t* bytes) { return {load_word(bytes), load_word(bytes + 8)}; }

Words words_of_ipv4(const std::uint8_t* address) {
  std::uint32_t half;
  std::memcpy(&half, address, sizeof half);
  return {0, std::endian::native == std::endian::little ? std::uint64_t{half} << 32 : half};
}

std::uint64_t hash_end(Words address, std::uint16_t port) {
  const std::uint64_t product = (address.first * 3 + address.second + port) * odd_multiplier;
  return product ^ (product >> 32);
}

// A sum does not know which end sent the packet.
std::uint64_t hash_ends(Words source, Words destination, TransportFlow ports, FlowGroup group) {
  if (group == FlowGroup::hosts) ports = {};
  return (hash_end(source, ports.source_port) + hash_end(destination, ports.destination_port)) *
         odd_multiplier;
}

TransportFlow ports_of(const std::uint8_t* tcp) { return {load_be16(tcp), load_be16(tcp + 2)}; }

}  // namespace

std::uint64_t flow_hash(const NetFlow& net, TransportFlow ports, FlowGroup group) {
  return hash_ends(words_of(net.source.bytes.data()), words_of(net.destination.bytes.data()), ports, group);
}

std::optional<std::uint64_t> flow_hash(LinkType link_type, Bytes frame, FlowGroup group) {
  constexpr std::size_t ipv6_size = 40;
  constexpr std::size_t ports_size = 4;
  if (frame.size() < ethernet_size + plain_ipv4_size + ports_size) return {};
  const std::uint8_t* const ip = frame.data() + ethernet_size;
  if (is_plain(link_type, frame)) [[likely]] {
    if ((load_be16(ip + 6) & more_fragments_or_offset) != 0) return {};
    const std::uint8_t* const tcp = ip + plain_ipv4_size;
    return hash_ends(words_of_ipv4(ip + 12), words_of_ipv4(ip + 16), ports_of(tcp), group);
  }
  if (link_type != LinkType::ethernet || load_be16(frame.data() + 12) != ethertype_ipv6) return {};
  if (frame.size() < ethernet_size + ipv6_size + ports_size || ip[0] >> 4 != 6 || ip[6] != protocol_tcp)
    return {};
  const std::uint8_t* const tcp = ip + ipv6_size;
  return hash_ends(words_of(ip + 8), words_of(ip + 24), ports_of(tcp), group);
}

}  // namespace restitch::detail
