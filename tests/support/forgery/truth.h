// Truth: what is owed of a conversation, whatever was forged into it: of each stream the bytes that its
// receiver acknowledged, as captured, and of which the capture has a copy. It does not depend on who reads
// the capture. Owns its bytes.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "restitch/detail/evidence.h"
#include "support/forgery/conversation.h"

namespace restitch::forgery {

// A stretch of a stream, byte by byte.
struct OwedRun {
  Position first = 0;
  std::string bytes;     // what they are
  std::string captured;  // not 0: some captured packet carries this very byte
  std::string proven;    // not 0: its receiver acknowledged it, as captured

  [[nodiscard]] Position end() const { return first + static_cast<Position>(bytes.size()); }
};

struct OwedStream {
  std::uint32_t connection = 0;
  Side from = Side::a;
  Sequence start;
  std::vector<OwedRun> runs;
  Position acked = 0;     // by what was captured
  Position window = 0;    // the largest that was offered
  bool answered = false;  // something of its receiver was captured
  bool has_syn = false;   // the SYN that begins it was captured
  bool disputed =
      false;  // a forged SYN or SYN-ACK names another start, and nothing of a host lies at this one
};

// Where in this stream the payload of a packet lies, if it is of its connection.
inline Position place_in(const OwedStream& stream, const WireSegment& segment) {
  return segment.position + stream.start.add(segment.position).difference(segment.first());
}

// Whether a segment of a host is of the stream that its receiver took in. A listener that gave up and was
// asked again has answered with another number: what it sent before that is of no stream.
inline bool is_of(const OwedStream& stream, const WireSegment& segment) {
  return segment.connection == stream.connection && segment.from == stream.from &&
         (segment.forged() || place_in(stream, segment) == segment.position);
}

// Whether the capture shows where each connection behind the first one on the same ports begins: by its SYN,
// or because the one before had ended for all to see. A SYN with the number of the one before has to be
// answered.
class BoundaryFinder {
 public:
  explicit BoundaryFinder(const Conversation& conversation) : conversation_(conversation) {}

  [[nodiscard]] bool all_seen() const {
    std::uint32_t last = 0;
    for (const CapturedPacket& packet : conversation_.packets) {
      if (!packet.segment.forged()) last = std::max(last, packet.segment.connection);
    }
    for (std::uint32_t number = 2; number <= last; ++number) {
      if (!begins(number) && !(ends(number - 1, Side::a) && ends(number - 1, Side::b))) return false;
    }
    return true;
  }

 private:
  // With its SYN or SYN-ACK as the first that was captured of it. One with the number of the connection
  // before has to be answered.
  [[nodiscard]] bool begins(std::uint32_t number) const {
    bool first = true;
    bool asked = false;
    bool answered = false;
    for (const CapturedPacket& packet : conversation_.packets) {
      const WireSegment& segment = packet.segment;
      if (segment.forged() || segment.connection != number) continue;
      const bool syn = segment.has(TcpFlag::syn);
      if (std::exchange(first, false) && !syn) return false;
      (segment.from == Side::a ? asked : answered) |= syn;
    }
    return asked && (answered || start(number) != start(number - 1));
  }
  [[nodiscard]] std::optional<Sequence> start(std::uint32_t number) const {
    for (const Reception& reception : conversation_.receptions) {
      if (reception.connection == number && reception.from == Side::a) return reception.start;
    }
    return std::nullopt;
  }

  // All that it sent was captured, then its FIN was acknowledged.
  [[nodiscard]] bool ends(std::uint32_t number, Side from) const {
    std::vector<const WireSegment*> sent;
    std::optional<Position> fin;
    for (const CapturedPacket& packet : conversation_.packets) {
      const WireSegment& segment = packet.segment;
      if (segment.forged() || segment.connection != number) continue;
      if (segment.from == from) {
        sent.push_back(&segment);
        if (segment.has(TcpFlag::fin)) fin = segment.end();
      } else if (fin && segment.acked && *segment.acked > *fin) {
        return covers(sent, *fin);
      }
    }
    return false;
  }
  static bool covers(std::vector<const WireSegment*> sent, Position end) {
    std::sort(sent.begin(), sent.end(),
              [](const WireSegment* a, const WireSegment* b) { return a->position < b->position; });
    Position known = 0;
    for (const WireSegment* segment : sent) {
      if (segment->position > known) break;
      known = std::max(known, segment->end());
    }
    return known >= end;
  }

  const Conversation& conversation_;
};

class TruthFinder {
 public:
  explicit TruthFinder(const Conversation& conversation) : conversation_(conversation) {}

  std::vector<OwedStream> find() {
    std::vector<OwedStream> streams;
    for (const Reception& reception : conversation_.receptions) {
      OwedStream stream;
      stream.connection = reception.connection;
      stream.from = reception.from;
      stream.start = reception.start;
      for (const Run& run : reception.runs) {
        stream.runs.push_back({run.first, run.bytes, std::string(run.bytes.size(), '\0'), {}});
      }
      note_receiver(stream);
      stream.disputed = names_other_start(stream) && !shows_start(stream);
      if (conversation_.honest()) add_unproven(stream);
      for (OwedRun& run : stream.runs) prove(stream, run);
      for (const CapturedPacket& packet : conversation_.packets) compare(stream, packet.segment);
      streams.push_back(std::move(stream));
    }
    return streams;
  }

 private:
  // The scale of the receiver's windows is known only if both SYNs were captured. Otherwise the largest scale
  // there is counts.
  [[nodiscard]] bool scale_is_known(const OwedStream& stream) const {
    bool of_sender = false;
    bool of_receiver = false;
    for (const CapturedPacket& packet : conversation_.packets) {
      const WireSegment& segment = packet.segment;
      if (segment.forged() || segment.connection != stream.connection || !segment.has(TcpFlag::syn)) continue;
      (segment.from == stream.from ? of_sender : of_receiver) = true;
    }
    return of_sender && of_receiver;
  }

  void note_receiver(OwedStream& stream) const {
    const bool known = scale_is_known(stream);
    for (const CapturedPacket& packet : conversation_.packets) {
      const WireSegment& segment = packet.segment;
      if (segment.forged() || segment.connection != stream.connection) continue;
      if (segment.from == stream.from) {
        stream.has_syn |= segment.has(TcpFlag::syn) && segment.first() == stream.start;
        continue;
      }
      if (!segment.acked) continue;
      stream.answered = true;
      stream.acked = std::max(stream.acked, *segment.acked);
      const Position largest = Position{segment.window} << detail::Evidence::scale_max;
      stream.window = std::max(stream.window, known ? segment.offered : largest);
    }
  }

  [[nodiscard]] bool names_other_start(const OwedStream& stream) const {
    return std::any_of(
        conversation_.packets.begin(), conversation_.packets.end(), [&](const CapturedPacket& packet) {
          const WireSegment& segment = packet.segment;
          if (!segment.forged() || !segment.has(TcpFlag::syn)) return false;
          return segment.from == stream.from ? segment.first() != stream.start
                                             : segment.has(TcpFlag::ack) && segment.ack != stream.start;
        });
  }

  // A host sent the first byte, or acknowledged the SYN and nothing behind it.
  [[nodiscard]] bool shows_start(const OwedStream& stream) const {
    return std::any_of(
        conversation_.packets.begin(), conversation_.packets.end(), [&](const CapturedPacket& packet) {
          const WireSegment& segment = packet.segment;
          if (segment.forged() || segment.connection != stream.connection) return false;
          return segment.from == stream.from ? segment.position == 0 && !segment.payload.empty()
                                             : segment.acked == 0;
        });
  }

  static void prove(const OwedStream& stream, OwedRun& run) {
    run.proven.assign(run.bytes.size(), '\0');
    const Position until = std::clamp<Position>(stream.acked - run.first, 0, run.end() - run.first);
    std::fill_n(run.proven.begin(), until, '\1');
  }

  // Marks what a packet brought as it is.
  static void compare(OwedStream& stream, const WireSegment& segment) {
    if (!is_of(stream, segment)) return;
    const Position at = place_in(stream, segment);
    for (OwedRun& run : stream.runs) {
      const Position end = std::min(run.end(), at + segment.size());
      for (Position p = std::max(run.first, at); p < end; ++p) {
        const auto i = static_cast<std::size_t>(p - run.first);
        if (run.bytes[i] == segment.payload[static_cast<std::size_t>(p - at)]) run.captured[i] = '\1';
      }
    }
  }

  // Without an attacker, what was sent is true as well, also where nobody was seen to take it in.
  void add_unproven(OwedStream& stream) const {
    Position known = stream.runs.empty() ? 0 : stream.runs.back().end();
    std::vector<const WireSegment*> more;
    for (const CapturedPacket& packet : conversation_.packets) {
      const WireSegment& segment = packet.segment;
      if (segment.connection != stream.connection || segment.from != stream.from) continue;
      if (!segment.payload.empty() && segment.end() > known) more.push_back(&segment);
    }
    std::sort(more.begin(), more.end(),
              [](const WireSegment* a, const WireSegment* b) { return a->position < b->position; });
    for (const WireSegment* segment : more) {
      const Position first = std::max(segment->position, known);
      if (first >= segment->end()) continue;
      const auto skip = static_cast<std::size_t>(first - segment->position);
      const std::string bytes = segment->payload.substr(skip);
      stream.runs.push_back({first, bytes, std::string(bytes.size(), '\0'), {}});
      known = segment->end();
    }
  }

  const Conversation& conversation_;
};

}  // namespace restitch::forgery
