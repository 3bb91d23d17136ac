#include "generate/conversation.h"

#include <algorithm>

namespace restitch::bench {

bool Conversation::step(Wire& wire, Random& random) {
  switch (step_) {
    case 0:
      wire.send_flags(flow_, Side::client, flag_syn);
      break;
    case 1:
      wire.send_flags(flow_, Side::server, flag_syn | flag_ack);
      break;
    case 2:
      wire.send_flags(flow_, Side::client, flag_ack);
      break;
    case 3:
      if (talk(wire, random)) return true;
      if (dialogue_.midstream) return false;
      break;
    default:
      break;
  }
  if (step_ >= 3) return close(wire);
  ++step_;
  return true;
}

// One packet of the dialogue; false when all is said.
bool Conversation::talk(Wire& wire, Random& random) {
  const Side last = response_left_ == 0 && request_left_ != 0 ? Side::client : Side::server;
  if (unacknowledged_ >= dialogue_.ack_every) {
    unacknowledged_ = 0;
    wire.send_flags(flow_, other(last), flag_ack);
    return true;
  }
  if (request_left_ == 0 && response_left_ == 0) {
    if (rounds_left_-- == 0) return rounds_left_ = 0, false;
    request_left_ = dialogue_.request_size;
    response_left_ = dialogue_.response_size;
  }
  const bool client_talks =
      request_left_ > 0 && (!dialogue_.full_duplex || response_left_ == 0 || random.chance(0.5));
  client_talks ? say(wire, Side::client, request_left_) : say(wire, Side::server, response_left_);
  return true;
}

void Conversation::say(Wire& wire, Side side, std::size_t& left) {
  const std::size_t size = std::min(left, dialogue_.segment_size);
  wire.send_data(flow_, side, size);
  left -= size;
  ++unacknowledged_;
}

bool Conversation::close(Wire& wire) {
  switch (++step_) {
    case 4:
      wire.send_flags(flow_, Side::client, flag_fin | flag_ack);
      return true;
    case 5:
      wire.send_flags(flow_, Side::server, flag_fin | flag_ack);
      return true;
    case 6:
      wire.send_flags(flow_, Side::client, flag_ack);
      return true;
    default:
      return false;
  }
}

}  // namespace restitch::bench
