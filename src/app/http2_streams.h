// Http2Streams: the open streams of a connection, at most AppLimits::streams_max, whose fields take at most
// 16 times AppLimits::header_max; beyond that the oldest is reported as it is. Owned by the analyzer;
// findings are lent for the call. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "app/http2_stream.h"

namespace restitch {

class Http2Streams {
 public:
  explicit Http2Streams(std::uint64_t depth) : depth_(depth) {}

  // nullptr: it is not open.
  Http2Stream* find(std::uint32_t id);
  // Requires: find(id) is nullptr.
  Http2Stream& open(std::uint32_t id, const Origin& origin, Findings& findings);
  // Whether a stream of that number, or a later one of the same side, was opened.
  [[nodiscard]] bool known(std::uint32_t id) const { return id <= last_[id & 1u]; }
  // Something was done with a stream: it is reported if it is over, and others if their fields take too much.
  void settle(std::uint32_t id, const Origin& origin, Findings& findings);
  // RST_STREAM: both directions of a stream end.
  void reset(std::uint32_t id, TcpFlowDirection by, std::uint32_t code, const Origin& origin,
             Findings& findings);
  // Nothing more is known of a direction.
  void end(TcpFlowDirection direction, Findings& findings);
  [[nodiscard]] bool ended(TcpFlowDirection direction) const {
    return ended_[static_cast<std::size_t>(direction)];
  }
  // Reports what is open, in the order of its numbers.
  void close(Findings& findings);

 private:
  // So many streams a client may reset until it is told.
  static constexpr unsigned resets_told = 200;

  using Map = std::map<std::uint32_t, std::unique_ptr<Http2Stream>>;

  void report(Map::iterator at, Findings& findings);
  void give_way(std::uint32_t but, const Origin& origin, Findings& findings);

  Map streams_;
  std::uint64_t depth_;                  // of the last one
  std::array<std::uint32_t, 2> last_{};  // the highest even and odd number
  std::array<bool, 2> ended_{};
  std::size_t fields_size_ = 0;  // of all that are open, as far as it was counted
  unsigned resets_ = 0;          // by the client, of open ones
  bool crowded_told_ = false;
};

}  // namespace restitch
