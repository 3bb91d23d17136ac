// CheckedStream: a stream that holds every call it gets against what docs/semantics.md promises, for any
// packets whatever: bytes come once and in order, gaps are what offsets skip, kept bytes come back, and each
// byte is the one that its packet carried. One thread; what does not hold ends the program.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "restitch/basic_assembler.h"
#include "support/scenario.h"

namespace restitch::test {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// What a stream that fails throws.
struct StreamFailure {};

// How the streams of one pool answer while the packet at hand goes through, and what they count together.
struct StreamAnswers {
  Keeper keeper = Keeper::nothing;
  bool wants = true;          // create()
  bool accepts = true;        // accept()
  bool begins_here = false;   // accept() sets `start`
  bool forgets = true;        // reassembly_complete()
  bool fails = false;         // the next reassembled_sg() throws
  bool places_known = true;   // offsets are distances of sequence numbers: no byte is out of band, none waits
  bool end_is_final = false;  // the policy refuses what comes behind an end

  std::array<std::uint64_t, 2> delivered{};  // by direction
  std::size_t created = 0;
  std::size_t completed = 0;
  std::size_t overdue = 0;  // both sides ended for good, and not completed
};

class CheckedStream {
 public:
  explicit CheckedStream(StreamAnswers& answers) : answers_(&answers) { ++answers.created; }

  bool accept(const TcpSegment& tcp, const CaptureInfo& info, TcpFlowDirection direction,
              std::optional<Sequence> next_seq, bool& start, AssemblerContext& context) {
    Side& side = side_of(direction);
    require(context.capture_info() == info, "the context is that of the packet");
    require(start == (tcp.syn() && !next_seq), "start is proposed for a SYN while no start is known");
    require(next_seq.has_value() || side.next == 0, "a start that is known stays known");
    if (next_seq) side.place(*next_seq, answers_->places_known && !failed_);
    if (answers_->begins_here && !next_seq) start = true;
    if (answers_->accepts) {
      side.sent.insert_or_assign(info, Sent{tcp.sequence.add(tcp.syn() ? 1 : 0),
                                            std::string(tcp.payload.begin(), tcp.payload.end())});
    }
    return answers_->accepts;
  }

  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    const ScatterGather::Info& info = sg.info();
    Side& side = side_of(info.direction);
    require(!completed_, "nothing is delivered behind the completion");
    const auto [available, saved] = sg.lengths();
    require(saved <= available, "saved bytes are among the available ones");
    const std::string bytes = look_at(sg);
    side.check_saved(bytes.substr(0, saved));
    side.check_place(info, saved);
    require((available == saved && info.skip == 0) || !side.ended || !answers_->end_is_final,
            "nothing comes behind a final end, nor is missed there");
    require(!info.start || (!side.started && side.next == 0), "a stream starts once, at 0");
    require(!info.end || !side.ended, "a stream ends once");
    side.started |= info.start;
    side.ended |= info.end;
    note_ends();
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      if (chunk.offset >= saved) side.note(info.offset + chunk.offset, chunk);
    }
    side.next += available - saved;
    answers_->delivered[static_cast<std::size_t>(info.direction)] += available - saved;
    keep(side, sg, bytes);
    if (!std::exchange(answers_->fails, false)) return;
    failed_ = true;
    throw StreamFailure();
  }

  bool reassembly_complete(AssemblerContext*, EndReason) {
    require(!std::exchange(completed_, true), "a connection completes once");
    for (const Side& side : sides_) {
      require(side.kept.empty() || side.lost_kept, "kept bytes are offered before the end");
      require(failed_ || side.gaps == side.skipped, "each gap is told");
    }
    ++answers_->completed;
    if (std::exchange(overdue_, false)) --answers_->overdue;
    return answers_->forgets;
  }

  void on_event(const Event& event) {
    if (event.kind == EventKind::roles_swapped) std::swap(sides_[0], sides_[1]);
    Side& side = side_of(event.direction);
    if (event.kind == EventKind::gap) side.gaps += event.size;
    if (event.kind == EventKind::limit && event.size != 0) side.lost_kept = true;
  }

 private:
  struct Sent {
    Sequence first;
    std::string payload;
  };
  struct Delivered {
    std::uint64_t offset;
    CaptureInfo packet;
    std::string bytes;
  };

  struct Side {
    std::map<CaptureInfo, Sent> sent;
    std::vector<Delivered> unplaced;  // while nobody has said where the stream begins
    std::optional<Sequence> origin;   // sequence number of offset 0
    std::uint64_t next = 0;           // offset behind the last byte delivered or skipped
    std::uint64_t skipped = 0;
    std::uint64_t gaps = 0;  // the same as events tell it
    std::string kept;
    bool lost_kept = false;  // a limit took of it
    bool started = false;
    bool ended = false;

    // Once a byte was delivered or skipped, the number of offset 0 is fixed.
    void place(Sequence next_seq, bool places_known) {
      if (!places_known || next == 0) return;
      const Sequence first = next_seq.add(-static_cast<std::int64_t>(next));
      require(!origin || *origin == first, "offsets and sequence numbers run in step");
      origin = first;
      for (const Delivered& delivered : unplaced) check_source(delivered);
      unplaced.clear();
    }

    void check_saved(const std::string& saved) {
      require(saved.size() <= kept.size(), "no more is saved than was kept");
      require(lost_kept || saved.size() == kept.size(), "kept bytes come again, all of them");
      require(kept.ends_with(saved), "kept bytes come again as they were");
      lost_kept = false;
    }

    void check_place(const ScatterGather::Info& info, std::size_t saved) {
      if (info.skip > 0) {
        require(saved == 0, "kept bytes are not shown over a gap");
        next += static_cast<std::uint64_t>(info.skip);
        skipped += static_cast<std::uint64_t>(info.skip);
      }
      require(info.skip >= -1, "a skip is a length, or -1");
      require(info.skip != -1 || (next == 0 && !started), "a stream without a start begins once");
      require(info.offset + saved == next, "bytes are delivered once, in order");
    }

    void note(std::uint64_t offset, const ScatterGather::Chunk& chunk) {
      Delivered delivered{offset, *chunk.info, std::string(chunk.bytes.begin(), chunk.bytes.end())};
      require(sent.contains(delivered.packet), "a byte comes from a packet of its stream");
      if (origin) return check_source(delivered);
      unplaced.push_back(std::move(delivered));
    }

    void check_source(const Delivered& delivered) const {
      const Sent& source = sent.at(delivered.packet);
      const std::int32_t at =
          source.first.difference(origin->add(static_cast<std::int64_t>(delivered.offset)));
      const std::size_t size = delivered.bytes.size();
      require(at >= 0 && static_cast<std::size_t>(at) + size <= source.payload.size(),
              "its packet covers a byte");
      require(source.payload.compare(static_cast<std::size_t>(at), size, delivered.bytes) == 0,
              "a byte is what its packet carried there");
    }
  };

  // All bytes, looked at in every way there is.
  static std::string look_at(ScatterGather& sg) {
    const std::size_t available = sg.lengths().available;
    const Bytes half = sg.fetch(available / 2);
    const Bytes all = sg.fetch(available);
    require(half.empty() || std::memcmp(half.data(), all.data(), half.size()) == 0,
            "what was fetched stays while more is fetched");
    std::size_t at = 0;
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      require(chunk.offset == at && !chunk.bytes.empty(), "chunks lie behind each other");
      require(at + chunk.bytes.size() <= available, "chunks are no more than is available");
      require(std::memcmp(chunk.bytes.data(), all.data() + at, chunk.bytes.size()) == 0,
              "chunks are what fetch() shows");
      require(sg.capture_info(at) == *chunk.info, "a chunk is of the packet that capture_info() names");
      at += chunk.bytes.size();
    }
    require(at == available, "chunks are all that is available");
    return std::string(all.begin(), all.end());
  }

  // What was offered for the last time cannot be kept.
  void keep(Side& side, ScatterGather& sg, const std::string& bytes) const {
    const auto [available, saved] = sg.lengths();
    const auto from = keep_from(answers_->keeper, available, saved);
    if (from) sg.keep_from(*from);
    const bool last_offer = sg.info().end || (available == saved && !sg.info().start);
    side.kept = from && !last_offer ? bytes.substr(*from) : std::string();
    // Of bytes behind an end nobody but the queue knows which are the last. A reset that is not final has
    // ended the other side, too; and a callback that threw may have been that of a side being closed.
    const bool other_ended = !answers_->end_is_final && (sides_[0].ended || sides_[1].ended);
    if ((side.ended || other_ended || failed_) && !sg.info().end) side.lost_kept = true;
  }

  // A flush, a limit, an acknowledgement: whatever brings the second side to its end completes.
  void note_ends() {
    if (overdue_ || failed_ || !answers_->end_is_final || !sides_[0].ended || !sides_[1].ended) return;
    overdue_ = true;
    ++answers_->overdue;
  }

  Side& side_of(TcpFlowDirection direction) { return sides_[static_cast<std::size_t>(direction)]; }

  StreamAnswers* answers_;
  std::array<Side, 2> sides_;
  bool completed_ = false;
  bool failed_ = false;
  bool overdue_ = false;
};

// Makes them.
class CheckedFactory {
 public:
  explicit CheckedFactory(StreamAnswers& answers) : answers_(answers) {}

  std::optional<CheckedStream> create(const NetFlow& net, TransportFlow, const TcpSegment&,
                                      AssemblerContext&) {
    require(net.source.version == net.destination.version, "both ends speak the same IP");
    return answers_.wants ? std::optional<CheckedStream>(std::in_place, answers_) : std::nullopt;
  }

 private:
  StreamAnswers& answers_;
};

}  // namespace restitch::test
