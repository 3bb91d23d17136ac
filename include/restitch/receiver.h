// Receiver policies: what the host that is watched does with overlapping, late and wrong segments. A
// policy is data: an overlap rule (which copy wins where segments that wait overlap) and a set of
// refusals (which segments count for nothing). Bytes already delivered are final under every policy.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

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
  deliver,  // they are delivered all the same, and noted, until both sides' FINs are acknowledged
};

// Reasons for which a receiver lets a segment count for nothing. Each is a rule of its own; a policy is
// a set of them. The order is that in which Linux checks.
enum class Refusal : std::uint8_t {
  checksum,       // TCP or IP header checksum wrong
  md5,            // TCP-MD5 option (RFC 2385) without a key for it
  no_flags,       // none of RST, SYN, ACK
  handshake,      // not what the state of the handshake asks for (RFC 9293, 3.10.7)
  paws,           // timestamp older than the last one (RFC 7323, section 5)
  old_sequence,   // ends before the next expected byte
  beyond_window,  // starts at or beyond the right edge of the window, or reaches over it into a full buffer
  rst_not_exact,  // RST at another number than the next one (RFC 5961, section 3)
  syn,            // SYN inside a connection (RFC 5961, section 4)
  no_ack,         // no ACK flag
  ack_unsent,     // acknowledges what was never sent
  ack_too_old,    // acknowledges far below what was acknowledged (RFC 5961, section 5)
  rst_data,       // the payload of a RST
  syn_data,       // the payload of a SYN that the SYN-ACK did not acknowledge (RFC 7413)
  never_read,     // waited behind bytes that its receiver never got, until the end
  count_,
};

constexpr std::size_t refusal_count = static_cast<std::size_t>(Refusal::count_);

// "checksum", "paws", …
std::string_view to_string(Refusal refusal);

// A set of refusals.
struct Refusals {
  std::uint32_t bits = 0;

  [[nodiscard]] constexpr bool any() const { return bits != 0; }
  [[nodiscard]] constexpr bool has(Refusal refusal) const {
    return (bits >> static_cast<unsigned>(refusal) & 1) != 0;
  }
  static constexpr Refusals all() { return {(std::uint32_t{1} << refusal_count) - 1}; }
};

// Where the byte goes that an urgent pointer names (RFC 6093).
enum class Urgent : std::uint8_t {
  inline_,      // it stays in the stream (SO_OOBINLINE)
  out_of_band,  // it is taken out; an event shows it
};

struct ReceiverPolicy {
  std::string_view name;
  std::string_view summary;  // one line for a help text
  OverlapRule rule = OverlapRule::table;
  OverlapTable overlap{};  // for OverlapRule::table
  Refusals refusals{};
  AfterEnd after_fin = AfterEnd::refuse;
  AfterEnd after_rst = AfterEnd::refuse;
  Urgent urgent = Urgent::inline_;
  // A copy that comes when another one was delivered would count, too. It cannot: what is delivered is final.
  // A DiffAssembler shows what such a receiver would have read.
  bool rereads = false;

  [[nodiscard]] constexpr AfterEnd after_end(bool by_reset) const { return by_reset ? after_rst : after_fin; }
};

// The policy of that name: "gopacket" (the library's default: delivered wins, of held copies the later
// one), "capture" (everything captured is delivered, the first copy wins; the tool's default). nullptr if
// there is none.
const ReceiverPolicy* find_receiver_policy(std::string_view name);

// All of them, for help texts.
std::span<const ReceiverPolicy> receiver_policies();

// Never fails: the default of the library.
const ReceiverPolicy& default_receiver_policy();

}  // namespace restitch
