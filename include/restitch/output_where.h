// ConnectionFilter: an expression that chooses connections by what is known of them, whatever tunnel or VLAN
// they came through, and whatever became of them. A value; any thread.
//
//   client 10.0.0.0/8 and not port 22 and bytes > 1M
//   vlan 12 or tunnel vxlan
//   (gaps > 0 or event conflict) and end != fin
//
// One of these, joined by `and`, `or`, `not` (also &&, ||, !) and parentheses:
//
//   host A      client A      server A       an address, or a network as 192.0.2.0/24, of either end, or one
//   port N      client port N server port N  a number, or a range as 8000-8080
//   vlan N      tunnel KIND   tunnel N       the innermost; a kind as in the JSON ("vxlan"), or an id
//   bytes       packets       gaps           of both directions; gaps counts bytes. Compared by
//   duration    events        connection     = != < <= > >=, or with a range: bytes > 1M, connection 3-7
//   event KIND  end REASON    service NAME   one of this kind occurred; how it ended; what it speaks, if the
//                                            stream noted that (output_trace.h)
//   uid U       community C   start T        its names; T: seconds since 1970, or 2026-11-30T08:00:00 (UTC)
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "restitch/output_connections.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

class ConnectionFilter {
 public:
  // Errors: invalid_argument, with one line that names the word where the expression ends to be one.
  static Result<ConnectionFilter> parse(std::string_view text, std::uint16_t community_seed = 0);

  // Lets all connections pass.
  ConnectionFilter() = default;

  [[nodiscard]] bool passes_all() const { return !root_; }
  // Whether it asks for what only a stream with a trace knows (output_trace.h).
  [[nodiscard]] bool asks_service() const { return asks_service_; }
  // Requires: the connection has ended, or what the expression asks for is known already.
  [[nodiscard]] bool matches(const ConnectionSummary& summary) const;

  struct Node;

 private:
  std::shared_ptr<const Node> root_;
  bool asks_service_ = false;
};

}  // namespace restitch
