// Verdict: whether what was heard of a conversation keeps the promise: whatever its receiver's
// acknowledgements prove that it took is delivered, in place, once, or an event names its loss; nothing is
// changed silently; and nothing is delivered that the receiver could not have taken. docs/notes/forgery.md
// says what is decidable. Borrows all of it.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/forgery/heard.h"
#include "support/forgery/truth.h"

namespace restitch::forgery {

// One way to read a capture.
struct Reading {
  std::string_view name;
  PoolOptions options;
  bool refuses_after_end = false;  // bytes behind a FIN or RST, by an event
  bool acknowledged = false;       // delivers only what was acknowledged
};

struct Failure {
  std::string_view rule;
  std::string text;
};

class Verdict {
 public:
  Verdict(const Conversation& conversation, std::span<const OwedStream> owed, const Heard& heard,
          const Reading& reading)
      : conversation_(conversation), owed_(owed), heard_(heard), reading_(reading) {}

  std::optional<Failure> find() {
    if (!heard_.wrong.empty()) return Failure{"calls", heard_.wrong};
    if (!BoundaryFinder(conversation_).all_seen()) return std::nullopt;
    for (const HeardConnection& connection : heard_.connections) {
      const bool forged = is_forged(connection);
      for (const Side side : {Side::a, Side::b}) place(connection.streams[index(side)], side, forged);
    }
    for (const OwedStream& stream : owed_) {
      if (!failure_) check(stream);
    }
    if (!failure_ && conversation_.honest()) check_whole();
    return failure_;
  }

 private:
  // A heard stream, and where it lies in the stream of which it is.
  struct Placed {
    const HeardStream* heard;
    const OwedStream* owed;  // nullptr: of no connection that there was
    Side from;
    bool forged = false;   // its connection is only what an attacker added
    Position base = 0;     // of offset 0
    bool by_host = false;  // a host brought a byte of it
  };

  [[nodiscard]] const WireSegment& segment(std::size_t packet) const {
    return conversation_.packets[packet].segment;
  }
  [[nodiscard]] const OwedStream* owed(const WireSegment& segment) const {
    for (const OwedStream& stream : owed_) {
      if (is_of(stream, segment)) return &stream;
    }
    return nullptr;
  }

  void fail(std::string_view rule, std::string text) {
    if (!failure_) failure_ = Failure{rule, std::move(text)};
  }

  // What hosts sent on ports that they used again is delivered elsewhere, and here is what an attacker added
  // to that: no host brought a byte.
  [[nodiscard]] bool is_forged(const HeardConnection& connection) const {
    if (heard_.connections.size() == 1) return false;
    return std::all_of(connection.streams.begin(), connection.streams.end(), [&](const HeardStream& stream) {
      return std::all_of(stream.runs.begin(), stream.runs.end(),
                         [&](const HeardRun& run) { return segment(run.packet).forged(); });
    });
  }

  // The run by which a stream is known: that of a host if there is one.
  static const HeardRun* telling_run(const HeardStream& heard, const Verdict& verdict) {
    for (const HeardRun& run : heard.runs) {
      if (!verdict.segment(run.packet).forged()) return &run;
    }
    return heard.runs.empty() ? nullptr : &heard.runs.front();
  }

  void place(const HeardStream& heard, Side from, bool forged) {
    Placed placed{&heard, nullptr, from, forged};
    if (const HeardRun* const telling = telling_run(heard, *this)) {
      placed.owed = owed(segment(telling->packet));
      placed.by_host = !segment(telling->packet).forged();
      if (placed.owed != nullptr && may_begin_anywhere(placed)) placed.base = find_base(placed);
    }
    placed_.push_back(placed);
    if (placed.owed == nullptr) return;
    for (const HeardRun& run : heard.runs) check_place(placed, run);
  }

  // The first byte is the one behind the SYN, if that was captured, or is told by an answer to it; unless an
  // event says that the start is not known. A forged SYN that nothing speaks against may have been the one.
  [[nodiscard]] bool may_begin_anywhere(const Placed& placed) const {
    if (placed.forged || placed.heard->told(EventKind::midstream_start)) return true;
    if (placed.owed->disputed) return true;
    return !conversation_.honest() && !(placed.owed->has_syn && placed.owed->answered);
  }

  // By the first run that lies in one place of its packet only.
  [[nodiscard]] Position find_base(const Placed& placed) const {
    std::optional<Position> base;
    bool by_host = false;
    for (const HeardRun& run : placed.heard->runs) {
      const WireSegment& source = segment(run.packet);
      const std::size_t at = source.payload.find(run.bytes);
      if (at == std::string::npos || (base && source.forged())) continue;
      const Position here =
          place_in(*placed.owed, source) + static_cast<Position>(at) - static_cast<Position>(run.offset);
      const bool unique = source.payload.find(run.bytes, at + 1) == std::string::npos;
      if (!base || !by_host) base = here;
      by_host = !source.forged();
      if (unique && by_host) return here;
    }
    return base.value_or(0);
  }

  // A run lies in its stream where it lay in its packet.
  void check_place(const Placed& placed, const HeardRun& run) {
    const WireSegment& source = segment(run.packet);
    if (!source.forged() && source.connection != placed.owed->connection) {
      return fail("mixed", fmt::format("packet {} is delivered in a stream of connection {}", run.packet + 1,
                                       placed.owed->connection));
    }
    const Position at = placed.base + static_cast<Position>(run.offset) - place_in(*placed.owed, source);
    // Where nobody acknowledged what passed unseen, an outage has its length but for rounds of the numbers.
    const bool by_number = source.forged() || place_in(*placed.owed, source) > 0xFFFFFFFF;
    const auto within = static_cast<std::size_t>(by_number ? at & 0xFFFFFFFF : at);
    const bool fits =
        within <= source.payload.size() && source.payload.compare(within, run.bytes.size(), run.bytes) == 0;
    if (fits) return;
    fail("moved", fmt::format("packet {} is delivered at offset {}, {} bytes from its place", run.packet + 1,
                              run.offset, at));
  }

  // ---- what is owed ----------------------------------------------------------------------------------

  void check(const OwedStream& stream) {
    for (const OwedRun& run : stream.runs) {
      std::string delivered(run.bytes.size(), '\0');
      for (const Placed& placed : placed_) {
        if (placed.owed == &stream) mark(placed, run, delivered);
      }
      for (std::size_t i = 0; i < run.bytes.size() && !failure_; ++i) {
        if (delivered[i] == '\0' && is_owed(stream, run, i)) check_named(stream, run, i);
      }
    }
    for (const Placed& placed : placed_) {
      if (placed.owed == &stream) check_possible(placed, stream);
    }
  }

  [[nodiscard]] bool is_owed(const OwedStream& stream, const OwedRun& run, std::size_t i) const {
    if (run.captured[i] == '\0') return false;
    if (run.proven[i] != '\0') return true;
    if (!conversation_.honest() || reading_.acknowledged || reading_.options.receiver->refusals.any())
      return false;
    return !stream.answered || run.first + static_cast<Position>(i) < stream.acked + stream.window;
  }

  // The position with the same sequence number that is nearest to `wanted`: how often the numbers went round
  // while nothing was captured, nobody knows who saw no acknowledgement of it.
  static Position near(Position at, Position wanted) {
    constexpr Position round = Position{1} << 32;
    const Position off = wanted - at;
    return at + (off + (off < 0 ? -round / 2 : round / 2)) / round * round;
  }

  // Puts down what a stream has of a run.
  void mark(const Placed& placed, const OwedRun& run, std::string& delivered) {
    for (const HeardRun& heard : placed.heard->runs) {
      const Position at = near(placed.base + static_cast<Position>(heard.offset), run.first);
      const Position end = std::min(run.end(), at + static_cast<Position>(heard.bytes.size()));
      for (Position p = std::max(run.first, at); p < end; ++p) {
        const auto i = static_cast<std::size_t>(p - run.first);
        const char byte = heard.bytes[static_cast<std::size_t>(p - at)];
        const bool right = byte == run.bytes[i];
        if (!right) check_told(placed, run, i);
        if (right && delivered[i] == byte && !may_be_of_another(placed)) {
          return fail("twice", fmt::format("byte {} of {} is delivered twice", p, name(*placed.owed)));
        }
        const bool counts = delivered[i] == '\0' && (!placed.forged || is_told(placed, run, i));
        if (right || counts) delivered[i] = byte;
      }
    }
  }

  // A forged segment that fits no connection may have begun this one, in the middle of nothing that was seen.
  [[nodiscard]] bool may_be_of_another(const Placed& placed) const {
    if (placed.forged) return true;
    return !conversation_.honest() && placed.heard->told(EventKind::midstream_start);
  }

  // A byte that is not what its receiver took: both copies were captured, so there is an event.
  void check_told(const Placed& placed, const OwedRun& run, std::size_t i) {
    if (run.captured[i] == '\0' || run.proven[i] == '\0' || may_be_of_another(placed)) return;
    if (is_told(placed, run, i)) return;
    const bool goes_on = reading_.refuses_after_end || was_asked_again(placed.owed->connection);
    if (goes_on && is_right_elsewhere(placed, run, i)) return;
    fail("changed", fmt::format("byte {} of {} is not what its receiver took, and no event tells",
                                run.first + static_cast<Position>(i), name(*placed.owed)));
  }
  [[nodiscard]] bool is_told(const Placed& placed, const OwedRun& run, std::size_t i) const {
    const Position p = run.first + static_cast<Position>(i);
    return std::any_of(placed.heard->events.begin(), placed.heard->events.end(),
                       [&](const HeardEvent& event) {
                         return event.kind == EventKind::conflict && is_about(placed, event, p);
                       });
  }

  // A listener gave up, and was asked again: what it took in before that is of another connection.
  [[nodiscard]] bool was_asked_again(std::uint32_t connection) const {
    return std::any_of(conversation_.packets.begin(), conversation_.packets.end(), [&](const auto& packet) {
      const WireSegment& segment = packet.segment;
      return segment.connection == connection && !segment.forged() && owed(segment) == nullptr;
    });
  }

  // Behind an end that was forged, and that is final under some readings, the host's own copy begins another
  // connection: there it is delivered as it is.
  [[nodiscard]] bool is_right_elsewhere(const Placed& placed, const OwedRun& run, std::size_t i) const {
    return std::any_of(placed_.begin(), placed_.end(), [&](const Placed& other) {
      if (&other == &placed || other.owed != placed.owed) return false;
      return std::any_of(other.heard->runs.begin(), other.heard->runs.end(), [&](const HeardRun& heard) {
        const Position at = near(other.base + static_cast<Position>(heard.offset), run.first);
        const Position in_run = run.first + static_cast<Position>(i) - at;
        return in_run >= 0 && in_run < static_cast<Position>(heard.bytes.size()) &&
               heard.bytes[static_cast<std::size_t>(in_run)] == run.bytes[i];
      });
    });
  }

  void check_named(const OwedStream& stream, const OwedRun& run, std::size_t i) {
    const Position p = run.first + static_cast<Position>(i);
    for (const Placed& placed : placed_) {
      if (placed.from != stream.from || (placed.owed != nullptr && placed.owed != &stream)) continue;
      for (const HeardEvent& event : placed.heard->events) {
        if (names_loss(event) &&
            is_about({placed.heard, &stream, stream.from, false, placed.base, false}, event, p))
          return;
      }
    }
    for (const Placed& placed : placed_) {
      for (const HeardEvent& event : placed.heard->events) {
        if (!names_loss(event) || !event.packet) continue;
        if (brought(*event.packet, stream, p)) return;
        // Of all that waited, with the first packet.
        const WireSegment& first = segment(*event.packet);
        if (first.from == stream.from && event.size > first.payload.size()) return;
      }
    }
    for (const std::size_t packet : heard_.counted) {
      if (brought(packet, stream, p)) return;
    }
    fail("lost", fmt::format("byte {} of {} is not delivered, and no event tells", p, name(stream)));
  }

  [[nodiscard]] bool brought(std::size_t packet, const OwedStream& stream, Position p) const {
    const WireSegment& source = segment(packet);
    return source.from == stream.from && source.connection == stream.connection && has(stream, source, p);
  }
  [[nodiscard]] static bool has(const OwedStream& stream, const WireSegment& source, Position p) {
    const Position at = place_in(stream, source);
    return p >= at && p < at + source.size();
  }

  [[nodiscard]] bool names_loss(const HeardEvent& event) const {
    switch (event.kind) {
      case EventKind::before_start:
      case EventKind::late_data:
      case EventKind::data_after_fin:
      case EventKind::data_after_rst:
      case EventKind::refused:
      case EventKind::wild_sequence:
      case EventKind::syn_in_connection:
      case EventKind::keep_alive:  // behind a FIN that is no byte
        return true;
      default:
        return event.kind == EventKind::gap && reading_.acknowledged;
    }
  }

  // By its range, or by the packet that showed it.
  [[nodiscard]] bool is_about(const Placed& placed, const HeardEvent& event, Position p) const {
    const Position first = placed.base + static_cast<Position>(event.offset);
    if (event.size != 0 && p >= first && p < first + static_cast<Position>(event.size)) return true;
    if (!event.packet || event.kind == EventKind::gap) return false;
    const WireSegment& source = segment(*event.packet);
    return source.from == placed.from && has(*placed.owed, source, p);
  }

  // Nothing forged is delivered that lies where no window ever reached. What is forged alone, in the middle
  // of a connection that nobody saw begin, may be of another one.
  void check_possible(const Placed& placed, const OwedStream& stream) {
    if (!stream.answered || !stream.has_syn) return;
    if (!placed.by_host && placed.heard->told(EventKind::midstream_start)) return;
    constexpr Position margin = 65536;
    const Position edge = stream.acked + 2 * stream.window + margin;
    for (const HeardRun& run : placed.heard->runs) {
      const Position at = placed.base + static_cast<Position>(run.offset);
      if (!segment(run.packet).forged() || at < edge) continue;
      return fail("wild", fmt::format("packet {} is delivered at {}, {} beyond all that {} offered",
                                      run.packet + 1, at, at - edge, name_of(other(stream.from))));
    }
  }

  // Without an attacker there is one stream for each direction of a connection.
  void check_whole() {
    if (reading_.refuses_after_end) return;
    for (const OwedStream& stream : owed_) {
      std::size_t found = 0;
      bool claimed = false;  // another connection was named, and for a while it was open which one went on
      for (const Placed& placed : placed_) {
        found += placed.owed == &stream ? 1 : 0;
        claimed |= placed.from == stream.from && placed.heard->told(EventKind::syn_in_connection);
      }
      if (claimed) continue;
      if (found > 1) fail("split", fmt::format("{} comes out as {} streams", name(stream), found));
    }
  }

  static std::string name(const OwedStream& stream) {
    return fmt::format("{}>{} #{}", name_of(stream.from), name_of(other(stream.from)), stream.connection);
  }

  const Conversation& conversation_;
  std::span<const OwedStream> owed_;
  const Heard& heard_;
  const Reading& reading_;
  std::vector<Placed> placed_;
  std::optional<Failure> failure_;
};

}  // namespace restitch::forgery
