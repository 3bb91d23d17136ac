// BorderWalk: what a file's own beginning hides. Its map task knew nothing of the file before: neither its
// clock nor the packets that may come again, nor fragments that wait. Both ways to read the beginning go side
// by side here until they agree; tuples that one of them reads differently are told. One thread.
//
//   before | file ──────────┬──────────────────────
//   ───────┘  true: goes on │ the same from here on, but for a time that passed before
//             own:  as map  │
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "batch/dissector.h"
#include "batch/setup.h"
#include "batch/tuples.h"

namespace RESTITCH_API restitch {
namespace batch {

class BorderWalk {
 public:
  // Of the first file: nothing is hidden.
  BorderWalk() = default;

  // Errors: as of BatchInput.
  static Result<BorderWalk> read(const BatchSetup& setup, std::size_t file, const Border& start,
                                 DomainTable& domains);

  // A moment of the map task's clock by the true one; rank 0: one that lies behind, or whose tuple does not
  // differ.
  [[nodiscard]] Elapsed true_time(std::uint64_t rank, Elapsed own) const {
    if (rank != 0 && rank <= times_.size()) return times_[rank - 1];
    return {own.ticks + offset_};
  }

  // Whether a tuple was read differently.
  [[nodiscard]] bool differs(const TupleKey& key) const { return differing_.contains(key); }
  [[nodiscard]] const std::unordered_set<TupleKey, TupleKeyHash>& differing() const { return differing_; }

  // How the file truly ends; `own` is how its map task saw that.
  [[nodiscard]] Border end(const Border& own) const;

 private:
  // A segment as one of them finds it.
  struct Seen {
    TupleKey key;
    std::uint64_t size = 0;
    bool copied = false;

    friend bool operator==(const Seen&, const Seen&) = default;
  };

  bool take(const Record& record, Dissector& truth, Dissector& own);
  void note_offset(std::int64_t offset);

  std::vector<Elapsed> times_;  // by rank, while they did not agree
  std::int64_t offset_ = 0;
  std::unordered_set<TupleKey, TupleKeyHash> differing_;
  std::unordered_set<TupleKey, TupleKeyHash> since_;  // tuples with packets at this offset
  std::optional<Border> end_;                         // they did not agree up to the end
  std::vector<Seen> true_seen_;                       // scratch
  std::vector<Seen> own_seen_;
};

}  // namespace batch
}  // namespace restitch
