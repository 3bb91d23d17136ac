// flow_hash(): what connections are dealt out by. Both directions of a connection have the same, and every
// copy of it on another VLAN or in another tunnel: names of files, for one, do not tell those apart. Always
// the same for the same addresses and ports. Keeps no state; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

// What has the same hash: all of a connection, or of two hosts, whatever their ports.
enum class FlowGroup : std::uint8_t { connection, hosts };

std::uint64_t flow_hash(const NetFlow& net, TransportFlow ports, FlowGroup group = FlowGroup::connection);

// The same straight from a frame, of what decode() would find in it, if it finds a segment at all. Nothing
// where that takes more than a look: all but TCP right behind IPv4 without options or IPv6, on Ethernet.
std::optional<std::uint64_t> flow_hash(LinkType link_type, Bytes frame,
                                       FlowGroup group = FlowGroup::connection);

}  // namespace detail
}  // namespace restitch
