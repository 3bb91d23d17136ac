// DiffSide: one direction of one connection as several receivers have it. Takes what each is given, compares
// what all have been given, and keeps what is undecided. One thread.
//
//      settled: all have it, compared, gone │ undecided
//     ──────────────────────────────────────┼────────────▶ receiver 0
//                                           ├──────▶       receiver 1: its front is where settling stopped
//                                           ┤              receiver 2: waits for a segment
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <vector>

#include "restitch/output_diff.h"
#include "restitch/output_digest.h"

namespace restitch {

// Of all sides of a DiffAssembler.
struct DiffBudget {
  DiffOptions options;
  std::size_t undecided = 0;  // memory
  std::size_t shown = 0;      // the same, of lists
};

class DiffSide {
 public:
  DiffSide(DiffBudget& budget, std::size_t receivers) : budget_(budget), tracks_(receivers) {
    found_.lengths.resize(receivers);
    found_.refused.resize(receivers);
  }
  DiffSide(const DiffSide&) = delete;
  DiffSide& operator=(const DiffSide&) = delete;
  ~DiffSide();

  void append(std::size_t receiver, const ScatterGather& sg);
  // The byte at this offset of the receiver's stream is read out of band.
  void take_out(std::size_t receiver, std::uint64_t offset);
  void refuse(std::size_t receiver, std::uint64_t size) { found_.refused[receiver] += size; }
  // A copy that differs from what the receiver was given, and that it would have read.
  void reread(std::size_t receiver, const Event& conflict);
  // Nothing more comes for this receiver.
  void end(std::size_t receiver) { tracks_[receiver].ended = true; }

  // Compares what all have.
  void settle();

  // Once all have ended and were settled.
  [[nodiscard]] DirectionDiff& finish();

 private:
  struct Run {
    std::uint64_t offset;
    std::uint64_t size;
    DiffKind kind;
    std::vector<std::uint8_t> bytes;  // for DiffKind::bytes
    CaptureInfo info;
  };
  // Where a direction is compared by digest.
  struct Digesting {
    bool in_gap = false;
    Sha256 data;
    Sha256 layout;  // of what is no data
  };
  struct Track {
    std::list<Run> runs;  // from the first undecided byte on
    std::uint64_t reached = 0;
    std::uint64_t taken_out = 0;          // bytes out of band so far, which the stream's offsets do not count
    std::set<std::uint64_t> to_take_out;  // offsets, such bytes counted
    bool ended = false;
    std::unique_ptr<Digesting> digesting;
  };
  // What a track has at settled_, and for how long.
  struct Front {
    DiffKind kind = DiffKind::nothing;
    Bytes bytes;
    const CaptureInfo* info = nullptr;
  };

  // Links of the list, and what an allocation takes besides.
  static std::size_t cost(const Run& run) { return sizeof(Run) + 64 + run.bytes.capacity(); }
  bool take_shown(std::size_t size);
  void put(Track& track, Run run);
  void put_out_of_band(Track& track, std::uint64_t until, const CaptureInfo& info);
  void compare(std::uint64_t size);
  void note(std::uint64_t begin, std::uint64_t end);
  void drop(std::uint64_t size);
  void digest_all();
  static void digest(Track& track, const Run& run);
  [[nodiscard]] DiffContent shown_of(Bytes copy, const CaptureInfo& info);
  [[nodiscard]] Front front_of(const Track& track) const;
  [[nodiscard]] std::uint64_t end_of_front(const Track& track) const;

  DiffBudget& budget_;
  std::vector<Track> tracks_;
  std::vector<Front> fronts_;  // scratch
  std::uint64_t settled_ = 0;
  std::size_t undecided_ = 0;
  std::size_t shown_ = 0;
  DirectionDiff found_;
};

}  // namespace restitch
