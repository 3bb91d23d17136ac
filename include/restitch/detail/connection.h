// FlowKey and Connection: the identity of a connection, whichever side sent the packet, and its state.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "restitch/detail/checksum_record.h"
#include "restitch/detail/half_connection.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace detail {

// The full tuple with its two ends in a fixed order, so that both directions have the same key. The key
// is the identity; its hash is only a way to find it.
struct FlowKey {
  std::array<std::uint64_t, 4> addresses{};  // low end, then high end
  // From the lowest bit: port of the low end, of the high end, domain (31 bits), IPv6. One word, because it
  // is read as one right after it was written.
  std::uint64_t ports_and_domain = 0;

  [[nodiscard]] bool is_ipv6() const { return (ports_and_domain >> 63) != 0; }

  // Word by word and without a branch between: this is asked for every packet.
  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    std::uint64_t differing = a.ports_and_domain ^ b.ports_and_domain;
    for (std::size_t i = 0; i < 4; ++i) differing |= a.addresses[i] ^ b.addresses[i];
    return differing == 0;
  }
};
static_assert(sizeof(FlowKey) == 40);

// A key, and whether the packet it was made from was sent by the high end.
struct DirectedKey {
  FlowKey key;
  bool from_high = false;
};

// Any fixed order of the two ends will do, so addresses are compared as this machine's words.
inline DirectedKey make_key(const NetFlow& net, TransportFlow transport) {
  using Words = std::array<std::uint64_t, 2>;
  const auto source = std::bit_cast<Words>(net.source.bytes);
  const auto destination = std::bit_cast<Words>(net.destination.bytes);
  DirectedKey made;
  if (source[1] != destination[1]) {
    made.from_high = source[1] > destination[1];
  } else if (source[0] != destination[0]) {
    made.from_high = source[0] > destination[0];
  } else {
    made.from_high = transport.source_port > transport.destination_port;
  }
  const Words& low = made.from_high ? destination : source;
  const Words& high = made.from_high ? source : destination;
  made.key.addresses = {low[0], low[1], high[0], high[1]};
  const std::uint64_t low_port = made.from_high ? transport.destination_port : transport.source_port;
  const std::uint64_t high_port = made.from_high ? transport.source_port : transport.destination_port;
  const std::uint64_t domain = (net.domain & 0x7FFFFFFF) | (net.source.version == 6 ? 0x80000000 : 0);
  made.key.ports_and_domain = low_port | high_port << 16 | domain << 32;
  return made;
}

// A connection, from its first packet until the pool forgets it: two cache lines.
struct Connection {
  enum class Phase : std::uint8_t {
    open,       // has a stream
    completed,  // has a stream that wanted to stay after reassembly_complete()
  };

  FlowKey key;
  Timestamp last_seen;
  std::uint32_t hash = 0;
  std::uint32_t slot = none;      // its own number
  HalfConnection halves[2];       // by direction: client to server, server to client
  std::uint32_t seen_tick = 0;    // of the pool's clock, at its last packet
  std::uint32_t receiver = none;  // ReceiverState, if its hosts are watched
  std::uint32_t policies[2]{};    // of the receiver of each direction, by number (PoolState::policy)
  Phase phase = Phase::open;
  bool watched : 1 = false;  // one of them refuses segments, or the pool wants to know
  bool claimed : 1 = false;  // a SYN inside it named another one (claims.h)
  bool holds : 1 = false;    // something may wait behind a hole that has an age
  bool client_is_high : 1 = false;
  bool client_known : 1 = false;  // from the handshake; else a guess
  bool syn_was_late : 1 = false;  // data came before it: the SYN may be that of another connection
  std::uint8_t behind : 2 = 0;    // a bit for each direction: is_behind()
  std::uint8_t closed_first = 0;  // 1 + the direction whose FIN was reached first
  ChecksumRecord checksums;       // what they are worth in each direction
  std::uint8_t fins_acked = 0;    // a bit for each direction whose FIN was reached, and acknowledged then
  std::uint16_t network_tag = 0;  // of its packets (NetFlow), until others came

  [[nodiscard]] TcpFlowDirection direction(bool from_high) const {
    return from_high == client_is_high ? TcpFlowDirection::client_to_server
                                       : TcpFlowDirection::server_to_client;
  }
  [[nodiscard]] HalfConnection& half(TcpFlowDirection direction) {
    return halves[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] const HalfConnection& half(TcpFlowDirection direction) const {
    return halves[static_cast<std::size_t>(direction)];
  }
  [[nodiscard]] bool ended() const { return halves[0].ended() && halves[1].ended(); }

  // Nothing is to be thought of but the half-connections: it is open, nobody watches its hosts, no SYN inside
  // it named another one, and the packet came from the same network as those before.
  [[nodiscard]] bool is_plain(std::uint16_t tag) const {
    return phase == Phase::open && !watched && !claimed && network_tag == tag;
  }

  // The FIN of a direction was reached.
  void note_closed(TcpFlowDirection by) {
    if (closed_first == 0) closed_first = static_cast<std::uint8_t>(1 + static_cast<int>(by));
  }

  // Bytes of a direction came behind their acknowledgement: it was captured by another tap whose clock is
  // late, or the network kept it back. What it lacks may still come though it is acknowledged.
  [[nodiscard]] bool is_behind(TcpFlowDirection which) const {
    return (behind >> static_cast<unsigned>(which) & 1U) != 0;
  }
  void note_behind(TcpFlowDirection which) {
    behind = static_cast<std::uint8_t>((behind | 1U << static_cast<unsigned>(which)) & 3U);
  }

  // A packet with another tag came: true the first time.
  bool note_other_network() {
    constexpr std::uint16_t several = 0xffff;
    return std::exchange(network_tag, several) != several;
  }

  // Each host knows that the other has read all it is going to send: nothing can follow.
  [[nodiscard]] bool agreed_to_end() const { return fins_acked == 3; }

  // Nothing speaks for it yet: no payload, and not both SYNs.
  [[nodiscard]] bool half_open() const {
    return halves[0].untouched() && halves[1].untouched() && !(halves[0].known() && halves[1].known());
  }
  // Nothing more is expected: both sides sent FIN, or the only one that is captured did, or one sent a RST,
  // which ends both.
  [[nodiscard]] bool closing() const {
    return phase == Phase::completed || halves[0].reset() || halves[1].reset() ||
           (half_closed() && (halves[0].ended() || !is_seen(0)) && (halves[1].ended() || !is_seen(1)));
  }
  [[nodiscard]] bool half_closed() const { return halves[0].ended() || halves[1].ended(); }

  // Whether there was a packet of the side that sends this half: its bytes, or its acknowledgement of others.
  [[nodiscard]] bool is_seen(std::size_t half) const {
    return halves[half].known() || !halves[half].untouched() || halves[1 - half].heard();
  }
};
static_assert(sizeof(Connection) == 128, "two cache lines");

}  // namespace detail
}  // namespace restitch
