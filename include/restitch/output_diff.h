// DiffAssembler: the same packets reassembled as several receivers would read them, side by side, and for
// each connection the byte ranges in which they differ. Nothing is kept of what all agree on.
//
//   DiffAssembler diff({find_receiver_policy("first"), find_receiver_policy("linux")},
//                      [](const ConnectionDiff& found) { … });
//   feed(reader, diff, counts, [] { return true; });
//   diff.flush_all();
//
// Offsets are those of the stream, gaps included; a byte that a receiver reads out of band keeps its place,
// so that what follows is compared at the same place. The sink borrows what it is given. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {

// What a receiver has in a range.
enum class DiffKind : std::uint8_t {
  bytes,
  missing,      // a gap
  out_of_band,  // the byte is there, but out of band (RFC 6093)
  nothing,      // its stream is at an end, or it has no such connection
};

struct DiffContent {
  DiffKind kind = DiffKind::nothing;
  std::vector<std::uint8_t> bytes;  // the first of them, as many as DiffOptions::shown_max
  CaptureInfo info;                 // the packet that brought the first one

  [[nodiscard]] bool same_as(const DiffContent& other) const {
    return kind == other.kind && bytes == other.bytes;
  }
};

// A range in which no byte is the same for all.
struct Difference {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::vector<DiffContent> contents;  // by receiver
};

// Bytes that were delivered, of which another copy came later, and a receiver that would have read that one
// (ReceiverPolicy::rereads). All have what was delivered.
struct LaterCopy {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::size_t receiver = 0;
  DiffContent delivered;
  DiffContent later;
};

struct DirectionDiff {
  std::vector<Difference> differences;  // in order
  std::uint64_t unlisted = 0;           // more of them, for which there was no room …
  std::uint64_t unlisted_bytes = 0;     // … and their bytes
  std::vector<LaterCopy> later_copies;  // in the order in which they came
  std::uint64_t later_unlisted = 0;     // and so many more
  std::vector<std::uint64_t> lengths;   // where each receiver's stream ends
  std::vector<std::uint64_t> refused;   // payload bytes of segments that each receiver refuses
  // From here on too much was undecided to keep it: only whether all is the same is known.
  std::optional<std::uint64_t> digested_from;
  bool digests_differ = false;

  [[nodiscard]] bool differs() const {
    return !differences.empty() || unlisted != 0 || digests_differ || !later_copies.empty() ||
           later_unlisted != 0;
  }
};

struct ConnectionDiff {
  std::uint64_t number = 0;  // in order of first packet, from 0
  std::string uid;           // output_ids.h
  NetFlow net;               // client to server
  TransportFlow transport;
  std::array<DirectionDiff, 2> directions;     // by TcpFlowDirection
  std::vector<std::optional<EndReason>> ends;  // by receiver; none: it has no such connection

  [[nodiscard]] bool ends_differ() const;
  [[nodiscard]] bool differs() const {
    return directions[0].differs() || directions[1].differs() || ends_differ();
  }
};

struct DiffOptions {
  PoolOptions pool{};  // of each receiver, but for the policy
  AssemblerOptions assembler{};
  // What some receivers have been given and others not yet, in memory: of one direction, and of all. Beyond
  // it a direction is compared by digest only.
  std::size_t undecided_max = std::size_t{1} << 20;
  std::size_t undecided_total_max = std::size_t{64} << 20;
  std::size_t shown_total_max = std::size_t{64} << 20;  // memory of all lists of differences
  std::size_t differences_max = 1000;                   // listed for each direction, and as many later copies
  std::size_t shown_max = 256;                          // bytes of each, for each receiver
};

struct DiffCounts {
  std::uint64_t connections = 0;
  std::uint64_t differing = 0;
};

class DiffAssembler {
 public:
  using Sink = std::function<void(const ConnectionDiff&)>;

  // Policies are borrowed. `sink` is given the connections that differ, when they have ended under all.
  // Requires: two receivers or more.
  DiffAssembler(std::span<const ReceiverPolicy* const> receivers, Sink sink, const DiffOptions& options = {});
  ~DiffAssembler();

  // As those of BasicAssembler.
  void assemble(std::span<const AssemblerPacket> packets);
  Elapsed observe(Timestamp time);
  void advance(Elapsed elapsed);
  void flush_all(EndReason reason = EndReason::flush);

  [[nodiscard]] const DiffCounts& counts() const;
  // As those of BasicStreamPool, for the first receiver.
  [[nodiscard]] const ByteCounts& byte_counts(TcpFlowDirection direction) const;
  [[nodiscard]] const EventCounts& event_counts() const;
  [[nodiscard]] const LimitCounts& limit_counts() const;
  [[nodiscard]] PoolSize size() const;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

// Several lines about a connection, and one JSON object in a line. `names` are those of the receivers.
void append_diff_text(std::string& out, const ConnectionDiff& diff, std::span<const std::string_view> names);
void append_diff_json(std::string& out, const ConnectionDiff& diff, std::span<const std::string_view> names,
                      std::uint16_t community_seed = 0);

}  // namespace restitch
