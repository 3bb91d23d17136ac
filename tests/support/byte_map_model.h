// ByteMapModel: what a half-connection is to do, written so that it is obviously right and not so that it
// is fast. Every waiting byte stands in a map under its position, with its packet and the piece it came in;
// positions are 64-bit integers that never wrap. The calls are those of HalfConnection. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "restitch/events.h"
#include "restitch/receiver.h"
#include "restitch/stream.h"

namespace restitch::test {

using Position = std::int64_t;

// A segment as the model sees it: its first byte stands at `first`, behind the SYN if it has one.
struct ModelSegment {
  Position first = 0;
  std::string payload;
  std::uint64_t packet = 0;
  bool syn = false;
  bool fin = false;
  bool rst = false;
  bool start = false;  // begin here when no start is known
};

// What one delivery shows, byte for byte.
struct Delivery {
  std::uint64_t offset = 0;
  std::string bytes;
  std::vector<std::uint64_t> packets;  // of each byte
  std::size_t saved = 0;
  std::int64_t skip = 0;
  bool start = false;
  bool end = false;
  std::uint64_t chunks_count = 0;
  std::uint64_t packets_count = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t queued_packets = 0;
  std::uint64_t overlap_bytes = 0;
  std::uint64_t overlap_packets = 0;

  friend bool operator==(const Delivery&, const Delivery&) = default;
};

struct ModelEvent {
  EventKind kind;
  std::optional<std::uint64_t> offset;  // none: without meaning, for the start is not known
  std::uint64_t size = 0;
  std::string held;
  std::string arrived;
  std::uint64_t held_packet = 0;  // of a conflict: which brought `held`
  Winner delivered = Winner::held;
};

// ByteCounts without the bytes seen, which the half-connection does not count.
struct ModelCounts {
  std::uint64_t delivered = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t before_start = 0;
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
};

class ByteMapModel {
 public:
  // `remembers`: bytes that were delivered are compared with copies of them.
  explicit ByteMapModel(const ReceiverPolicy& policy, bool remembers = false)
      : policy_(policy), remembers_(remembers) {}

  void insert(const ModelSegment& segment);
  std::optional<Delivery> take();
  void settle(std::optional<std::size_t> keep_from);
  bool skip_gap();
  void close();
  void limit_kept(std::uint64_t pages_max);
  void clear();

  // Whether a SYN there would begin another connection, if one was there before: no half-connection sees it.
  [[nodiscard]] bool would_claim(Position first) const {
    return names_another_start(first) && (!known_ || next_offset() != 0 || ended_);
  }

  // Whether a RST with this number is none that any receiver would take.
  [[nodiscard]] bool would_refuse_reset(Position at) const { return known_ && !reset_ && at < start_; }

  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] Position next() const { return next_; }
  [[nodiscard]] std::uint64_t next_offset() const { return static_cast<std::uint64_t>(next_ - start_); }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool reset() const { return reset_; }
  [[nodiscard]] bool holds() const { return !held_.empty(); }
  [[nodiscard]] std::uint64_t held_bytes() const { return held_.size(); }
  [[nodiscard]] std::uint64_t lowest_packet() const { return held_.begin()->second.packet; }
  [[nodiscard]] std::uint64_t pages() const;
  [[nodiscard]] const ModelCounts& counts() const { return counts_; }

  std::vector<ModelEvent> events;  // for the test to read and clear

 private:
  struct Byte {
    char value = 0;
    std::uint64_t packet = 0;
    std::uint64_t piece = 0;  // neighbours with the same number lie in one held segment
  };
  using Bytes = std::map<Position, Byte>;
  struct Piece {
    Position first;
    Position last;  // behind its last byte
  };

  static std::vector<Piece> pieces(const Bytes& bytes);
  static std::uint64_t pages_of(const Bytes& bytes);
  static Relation relation(const Piece& held, const Piece& arrived);
  static std::string text(const Bytes& bytes, Position first, Position last);
  [[nodiscard]] bool names_another_start(Position first) const;
  [[nodiscard]] bool probes(const ModelSegment& segment) const;
  [[nodiscard]] bool delivers_after(bool rst) const;
  void begin(Position first);
  void set_start(Position first);
  void tell_before_start(std::uint64_t size);
  void insert_syn(Position first);
  void note_end(bool rst, Position position);
  void end_now(bool rst);
  void compare_with_delivered(const Bytes& arrived);
  void cut_delivered(Bytes& arrived);
  void cut_after_end(Bytes& arrived);
  void settle_overlaps(Bytes& arrived);
  void place(const Bytes& arrived);
  void pop();
  void reach_end();
  static std::uint64_t erase(Bytes& bytes, Position first, Position last);
  void tell(EventKind kind, std::uint64_t size = 0) { events.push_back({kind, next_offset(), size, {}, {}}); }

  const ReceiverPolicy& policy_;
  bool remembers_;
  Bytes delivered_;         // all of it, if it remembers
  Bytes held_;              // waits
  Bytes run_;               // kept, and then what the delivery at hand adds
  Position run_begin_ = 0;  // of the bytes that the delivery at hand adds
  bool known_ = false;
  bool syn_seen_ = false;
  Position start_ = 0;  // of offset 0
  Position next_ = 0;
  struct Gap {
    Position first = 0;
    Position last = 0;
  };
  std::uint64_t tell_late(Position at, Position end);
  void remember_gap(Position first, Position last);

  std::array<Gap, 8> gaps_;
  std::size_t oldest_gap_ = 0;
  [[nodiscard]] bool is_named(Position first) const;
  void settle_start(Position position);

  std::vector<Position> named_;  // starts by other SYNs
  std::optional<Position> end_;  // where FIN or RST stands
  bool end_is_reset_ = false;
  bool ended_ = false;
  bool reset_ = false;
  bool start_untold_ = false;
  bool end_untold_ = false;
  bool end_told_ = false;
  bool last_offer_ = false;
  std::int64_t skip_ = 0;
  std::uint64_t pieces_made_ = 0;
  Delivery since_;  // queued and overlap since the last delivery
  ModelCounts counts_;
};

}  // namespace restitch::test

#include "support/byte_map_model_impl.h"
