#include "packet/walk.h"

#include <bit>

#include "packet/layers.h"

namespace restitch {
namespace {

// The same for both directions.
std::uint64_t ends_of(const NetFlow& net) {
  using Words = std::array<std::uint64_t, 2>;
  const auto source = std::bit_cast<Words>(net.source.bytes);
  const auto destination = std::bit_cast<Words>(net.destination.bytes);
  constexpr std::uint64_t odd = 0xC2B2AE3D27D4EB4F;
  return (source[0] * odd ^ source[1]) * odd + (destination[0] * odd ^ destination[1]) * odd;
}

// Neither 0 nor 0xffff.
std::uint16_t tag_behind(std::uint16_t tag, std::uint64_t layer) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
  const std::uint64_t mixed = ((layer ^ tag) * odd) ^ layer >> 29;
  return static_cast<std::uint16_t>(1 + (mixed * odd >> 32) % 0xfffe);
}

}  // namespace

constinit const DecodedPacket empty_packet{};

void note_layer(const Walk& walk, DecodedPacket& packet, LayerKind kind, std::uint32_t id) {
  if (walk.notes != nullptr) walk.notes->layers.push({kind, id});
  if (kind == LayerKind::vlan) {
    packet.vlan = static_cast<std::uint16_t>(id);
    if (id == 0) return;  // only a priority
  } else {
    packet.tunnel = kind;
    packet.tunnel_id = id;
  }
  std::uint64_t layer = static_cast<std::uint64_t>(kind) << 32 | (is_symmetric(kind) ? id : 0);
  if (rides_on_ip(kind)) {
    packet.encapsulated = true;
    layer += ends_of(packet.net);
  }
  packet.net.network_tag = tag_behind(packet.net.network_tag, layer);
}

}  // namespace restitch
