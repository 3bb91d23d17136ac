// An IP datagram for a segment whose fragments were put together: no one frame of the capture has it. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "restitch/packet.h"
#include "restitch/stream.h"

namespace restitch {

// `net` is that of the client to the server; `payload` a TCP segment with its header.
std::vector<std::uint8_t> datagram_of(NetFlow net, TcpFlowDirection direction, Bytes payload);

}  // namespace restitch
