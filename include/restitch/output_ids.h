// Names of a connection that do not depend on what else is in the capture. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

// The Community ID, version 1 (github.com/corelight/community-id-spec): "1:" and 28 letters of base64. It is
// the same for both directions, and for every connection between the same addresses and ports. Tools that
// are to agree need the same `seed`; nearly all have 0.
std::string community_id(const NetFlow& net, TransportFlow transport, std::uint16_t seed = 0);

// A name of this connection alone, in the form of Zeek's: "C" and 17 letters and digits. It is made of the
// addresses and ports, and of the first packet's VLAN, tunnel and time, and known once that came. Filters,
// threads and limits do not change it, nor does it matter how a capture is cut into files. Two connections of
// the same ends whose first packets have the same time share it; without a time, the packet's number tells
// them apart.
std::string connection_uid(const ConnectionSummary& summary);

// A name of the object with that number in a connection: "F" and 17 letters and digits, as Zeek's fuid.
std::string file_uid(std::string_view connection_uid, std::uint64_t object);

// A connection's uid as a number, for formats that want one: EVE's flow_id.
std::uint64_t flow_id_of(std::string_view uid);

}  // namespace restitch
