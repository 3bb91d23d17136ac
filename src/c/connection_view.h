// ConnectionView: a connection that has ended, as the C interface shows it. Owns it. Neither moves nor is
// copied: what it shows points into it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "c/kept_stream.h"

namespace restitch::c {

class ConnectionView {
 public:
  // `join`: what each side said is shown in one piece, too.
  ConnectionView(EndedConnection&& connection, std::uint16_t community_seed, bool join);
  ConnectionView(const ConnectionView&) = delete;
  ConnectionView& operator=(const ConnectionView&) = delete;

  [[nodiscard]] const restitch_connection& shown() const { return shown_; }

 private:
  struct Half {
    restitch_half shown{};
    std::vector<restitch_block> blocks;
    std::unique_ptr<std::uint8_t[]> joined;
    std::vector<restitch_gap> gaps;
    std::vector<restitch_event> events;
    std::vector<const restitch_event*> event_list;
  };

  void show(Half& half, TcpFlowDirection direction);
  void list_events(Half& half, TcpFlowDirection direction);
  static void join(Half& half);

  EndedConnection connection_;
  std::string uid_;
  std::string community_id_;
  std::array<Half, 2> halves_;  // by TcpFlowDirection
  restitch_connection shown_{};
};

}  // namespace restitch::c
