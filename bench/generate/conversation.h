// Conversation: one flow from handshake to FIN, a packet at a time, so that many can be interleaved.
// Owns its flow; writes to a borrowed wire. One thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "generate/flow.h"
#include "generate/wire.h"

namespace restitch::bench {

// How a conversation goes: `rounds` times a request of the client and the answer of the server.
struct Dialogue {
  std::size_t rounds = 1;
  std::size_t request_size = 200;
  std::size_t response_size = 0;
  std::size_t segment_size = 1460;
  std::size_t ack_every = 2;  // segments of the other side
  bool full_duplex = false;   // both sides talk at once
  bool midstream = false;     // neither handshake nor FIN was captured
};

class Conversation {
 public:
  Conversation(const Flow& flow, const Dialogue& dialogue) : flow_(flow), dialogue_(dialogue) {
    step_ = dialogue.midstream ? 3 : 0;
    rounds_left_ = dialogue.rounds;
  }

  // Sends the next packet; false when there was none left.
  bool step(Wire& wire, Random& random);

  [[nodiscard]] const Flow& flow() const { return flow_; }

 private:
  bool talk(Wire& wire, Random& random);
  void say(Wire& wire, Side side, std::size_t& left);
  bool close(Wire& wire);

  Flow flow_;
  Dialogue dialogue_;
  int step_ = 0;
  std::size_t rounds_left_ = 0;
  std::size_t request_left_ = 0;
  std::size_t response_left_ = 0;
  std::size_t unacknowledged_ = 0;  // segments since the last pure ACK
};

}  // namespace restitch::bench
