// The values of the C interface, made from those of the library. Pure functions; any thread.
#pragma once

#include "restitch/c.h"
#include "restitch/output_connections.h"
#include "restitch/transmission.h"

namespace restitch::c {

restitch_endpoint endpoint_of(const IpAddress& address, std::uint16_t port);
restitch_packet packet_of(const CaptureInfo& info);
CaptureInfo info_of(const restitch_packet& packet);
// Both borrow from what they are given.
restitch_event event_of(const Event& event);
restitch_event event_of(const EventNote& note, int direction);

constexpr int number_of(TcpFlowDirection direction) { return static_cast<int>(direction); }
constexpr int number_of(Transmission transmission) { return static_cast<int>(transmission); }
constexpr int number_of(EndReason end) { return static_cast<int>(end); }

}  // namespace restitch::c
