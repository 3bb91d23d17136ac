#include "c/values.h"

#include <algorithm>
#include <string>

#include "c/status.h"

namespace restitch::c {
namespace {

static_assert(number_of(EndReason::fin) == RESTITCH_END_FIN);
static_assert(number_of(EndReason::rst) == RESTITCH_END_RST);
static_assert(number_of(EndReason::timeout) == RESTITCH_END_TIMEOUT);
static_assert(number_of(EndReason::flush) == RESTITCH_END_FLUSH);
static_assert(number_of(EndReason::evicted) == RESTITCH_END_EVICTED);
static_assert(number_of(EndReason::port_reuse) == RESTITCH_END_PORT_REUSE);
static_assert(number_of(EndReason::end_of_input) == RESTITCH_END_INPUT);
static_assert(number_of(EndReason::interrupted) == RESTITCH_END_INTERRUPTED);
static_assert(number_of(TcpFlowDirection::client_to_server) == RESTITCH_CLIENT_TO_SERVER);
static_assert(number_of(TcpFlowDirection::server_to_client) == RESTITCH_SERVER_TO_CLIENT);

// Those of events and their like are literals, and so end with a zero.
const char* text_of(std::string_view literal) { return literal.data(); }

template <class E>
restitch_event event_from(const E& event, int direction) {
  restitch_event to{};
  to.size = sizeof to;
  to.kind = static_cast<int>(event.kind);
  to.direction = direction;
  to.name = text_of(to_string(event.kind));
  to.rule = event.refusal == Refusal::count_ ? nullptr : text_of(to_string(event.refusal));
  to.limit = event.limit == Limit::count_ ? nullptr : text_of(to_string(event.limit));
  to.offset = event.offset;
  to.byte_count = event.size;
  to.held = event.held.data();
  to.held_size = event.held.size();
  to.arrived = event.arrived.data();
  to.arrived_size = event.arrived.size();
  to.delivered_arrived = event.delivered == Winner::arrived ? 1 : 0;
  return to;
}

IpAddress address_of(const restitch_endpoint& endpoint) {
  IpAddress address;
  std::copy(std::begin(endpoint.address), std::end(endpoint.address), address.bytes.begin());
  address.version = endpoint.ip_version;
  return address;
}

// Without memory, an empty text.
template <class Make>
char* put_text(Make&& make, char* to) noexcept {
  *to = 0;
  guarded([&] {
    const std::string from = make();
    const std::size_t size = std::min<std::size_t>(from.size(), RESTITCH_ENDPOINT_TEXT_SIZE - 1);
    *std::copy_n(from.begin(), size, to) = 0;
    return RESTITCH_OK;
  });
  return to;
}

}  // namespace

restitch_endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  restitch_endpoint endpoint{};
  std::copy(address.bytes.begin(), address.bytes.end(), std::begin(endpoint.address));
  endpoint.ip_version = address.version;
  endpoint.port = port;
  return endpoint;
}

restitch_packet packet_of(const CaptureInfo& info) {
  return {info.timestamp.ns,  info.packet_number,   info.user_tag,    info.captured_size,
          info.original_size, info.interface_index, info.source_index};
}

CaptureInfo info_of(const restitch_packet& packet) {
  return {Timestamp{packet.time_ns}, packet.number,          packet.user_tag,    packet.captured_size,
          packet.original_size,      packet.interface_index, packet.source_index};
}

restitch_event event_of(const Event& event) {
  restitch_event to = event_from(event, number_of(event.direction));
  to.time_ns = event.info.timestamp.ns;
  to.packet_number = event.info.packet_number;
  to.held_packet_number = event.held_info.packet_number;
  return to;
}

restitch_event event_of(const EventNote& note, int direction) {
  restitch_event to = event_from(note, direction);
  to.time_ns = note.time.ns;
  to.packet_number = note.packet_number;
  to.held_packet_number = note.held_packet_number;
  return to;
}

}  // namespace restitch::c

using namespace restitch;
using namespace restitch::c;

const char* restitch_version(void) { return RESTITCH_VERSION; }

char* restitch_endpoint_text(const restitch_endpoint* endpoint, char* text) {
  return put_text([&] { return endpoint_to_string(address_of(*endpoint), endpoint->port); }, text);
}

char* restitch_address_text(const restitch_endpoint* endpoint, char* text) {
  return put_text([&] { return to_string(address_of(*endpoint)); }, text);
}

const char* restitch_end_name(int end) {
  if (end < RESTITCH_END_FIN || end > RESTITCH_END_INTERRUPTED) return nullptr;
  return to_string(static_cast<EndReason>(end)).data();
}

const char* restitch_event_name(int kind) {
  if (kind < 0 || kind >= restitch_event_kinds()) return nullptr;
  return to_string(static_cast<EventKind>(kind)).data();
}

int restitch_event_kinds(void) { return static_cast<int>(event_kind_count); }
