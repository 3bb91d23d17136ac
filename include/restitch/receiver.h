// Receiver policies: what the host that is watched does with overlapping, late and wrong segments. A
// policy is data: an overlap rule (which copy wins where segments that wait overlap) and a set of
// refusals (which segments count for nothing). Bytes already delivered are final under every policy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace restitch {

// How a held segment and a new one that shares bytes with it lie to each other (Allen's relations, read
// "held RELATION new"). Those without a shared byte need no decision.
enum class Relation : std::uint8_t {
  overlaps,       // o   held starts first, new ends last
  overlapped_by,  // oi  new starts first, held ends last
  starts,         // s   same start, new is longer
  started_by,     // si  same start, held is longer
  during,         // d   held lies inside new
  contains,       // di  new lies inside held
  finishes,       // f   same end, new starts first
  finished_by,    // fi  same end, held starts first
  equals,         // eq
  count_,
};

constexpr std::size_t relation_count = static_cast<std::size_t>(Relation::count_);

enum class Winner : std::uint8_t { held, arrived };

// For each Relation, the copy that gives the shared bytes.
using OverlapTable = std::array<Winner, relation_count>;

// How overlapping copies among held segments are settled.
enum class OverlapRule : std::uint8_t {
  table,   // pair by pair, as the OverlapTable says
  linux_,  // exactly as Linux 6.18 does it: blocks that may overlap and merge (docs/semantics.md)
};

// What a half-connection does with bytes that come after its end.
enum class AfterEnd : std::uint8_t {
  refuse,   // they count for nothing, as a receiver that closed
  deliver,  // they are delivered all the same, and noted
};

struct ReceiverPolicy {
  std::string_view name;
  std::string_view summary;  // one line for a help text
  OverlapRule rule = OverlapRule::table;
  OverlapTable overlap{};  // for OverlapRule::table
  AfterEnd after_fin = AfterEnd::refuse;
  AfterEnd after_rst = AfterEnd::refuse;

  [[nodiscard]] constexpr AfterEnd after_end(bool by_reset) const { return by_reset ? after_rst : after_fin; }
};

// The policy of that name: "gopacket" (the library's default: delivered wins, of held copies the later
// one), "capture" (everything captured is delivered, the first copy wins; the tool's default). nullptr if
// there is none.
const ReceiverPolicy* find_receiver_policy(std::string_view name);

// Never fails: the default of the library.
const ReceiverPolicy& default_receiver_policy();

}  // namespace restitch
