#include "batch/reduce_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "batch/batch_input.h"
#include "batch/border_walk.h"
#include "batch/carry.h"
#include "batch/connection_line.h"
#include "batch/crossings.h"
#include "batch/map_task.h"
#include "batch/pools.h"
#include "batch/result_lines.h"
#include "restitch/output_json.h"

namespace restitch::batch {
namespace {

using TupleKeys = std::unordered_set<TupleKey, TupleKeyHash>;

// Above the ranks of a file, which count its packets.
constexpr unsigned rank_bits = 44;

TupleKey key_of(const FoundSegment& segment) {
  return detail::make_key(segment.decoded.net, segment.decoded.tcp.transport()).key;
}

class ReduceTask {
 public:
  ReduceTask(const BatchSetup& setup, std::string folder)
      : setup_(setup),
        folder_(std::move(folder)),
        domains_(setup.decoder.domains_max),
        crossings_(setup.pool.tombstone_timeout_ns),
        files_(setup.manifest.files.size()) {}

  Result<ReduceReport> run(const std::function<void(std::string_view)>& write);

 private:
  struct File {
    FileFacts facts;
    Timestamp earliest_from_here;  // of this file and all that follow
    std::size_t group = 0;         // the first of the files whose times overlap with its own
    Border start;                  // until nothing can ask for it any more
    BorderWalk walk;
    bool read_again = false;
    bool forgotten = false;
    Replaced replaced;  // tuples of which the pools tell
  };

  Result<void> read_facts();
  void find_groups();
  Result<void> go_through();
  Result<void> take_file(std::size_t file);
  Result<void> take_group(std::size_t first, std::size_t end);
  Result<void> feed(std::size_t file, CarryReader& carry, const TupleKeys& wanted);
  Result<void> feed_carried(std::size_t file, CarryReader& carry, const TupleKeys& wanted);
  Result<void> read_again(std::size_t file, const TupleKeys& wanted);
  Result<void> feed_histories(const std::map<std::size_t, TupleKeys>& histories);
  void feed(std::size_t file, const FoundSegment& segment, const TupleKey& key);
  void note_others(std::size_t file, const CarryReader& carry, const TupleKeys& wanted);
  void forget(std::size_t next);
  [[nodiscard]] tl::unexpected<Error> blame(std::size_t file, const std::string& path,
                                            const Error& error) const;

  const BatchSetup& setup_;
  std::string folder_;
  DomainTable domains_;
  Crossings crossings_;
  std::vector<File> files_;
  Border start_;  // of the file at hand
  std::vector<ResultLines> results_;
  ReduceReport report_;
  BatchPools::Sink sink_ = [this](const ConnectionSummary& summary, std::uint64_t rank) {
    std::string lines;
    append_connection_json(lines, summary, setup_.with_empty, setup_.community_seed);
    results_.push_back({rank, std::move(lines)});
  };
  BatchPools pools_{setup_, sink_};
};

Result<ReduceReport> ReduceTask::run(const std::function<void(std::string_view)>& write) {
  if (auto done = read_facts(); !done) return tl::unexpected(done.error());
  find_groups();
  if (auto done = go_through(); !done) return tl::unexpected(done.error());
  pools_.finish();
  report_.limited += pools_.limited();
  report_.crossing = results_.size();
  std::stable_sort(results_.begin(), results_.end(),
                   [](const ResultLines& one, const ResultLines& other) { return one.rank < other.rank; });
  LineMerger merger(results_, rank_bits, write);
  for (std::size_t file = 0; file < files_.size(); ++file) {
    report_.read_again += files_[file].read_again ? 1U : 0U;
    const bool replaced =
        files_[file].group != file || (file + 1 < files_.size() && files_[file + 1].group == file);
    const std::string path = map_path(folder_, file + 1);
    auto merged =
        merger.add_file(file, path, files_[file].facts.lines, replaced ? nullptr : &files_[file].replaced);
    if (!merged) return blame(file, path, merged.error());
  }
  report_.connections = merger.finish();
  return report_;
}

tl::unexpected<Error> ReduceTask::blame(std::size_t file, const std::string& path, const Error& error) const {
  return failure(error.code, fmt::format("task {}: {} {}", file + 1, path, error.message));
}

Result<void> ReduceTask::read_facts() {
  for (std::size_t file = 0; file < files_.size(); ++file) {
    const std::string path = carry_path(folder_, file + 1);
    auto facts = CarryReader::facts_of(path);
    if (!facts) return blame(file, path, facts.error());
    if (facts->manifest_digest != setup_.manifest_digest || facts->task != file + 1) {
      return blame(file, path, {ErrorCode::damaged, "is of another manifest: map it again"});
    }
    if (!facts->damage.empty()) report_.damages.push_back(facts->damage);
    report_.limited += facts->limited;
    files_[file].facts = std::move(*facts);
  }
  report_.files = files_.size();
  return {};
}

// A file goes on after the next one has begun: then the packets of both are mixed.
void ReduceTask::find_groups() {
  Timestamp latest;
  std::size_t group = 0;
  for (std::size_t file = 0; file < files_.size(); ++file) {
    const bool overlaps = file != 0 && latest > setup_.manifest.files[file].first;
    if (!overlaps) group = file;
    files_[file].group = group;
    latest = overlaps ? std::max(latest, files_[file].facts.latest) : files_[file].facts.latest;
  }
  Timestamp earliest = files_.back().facts.latest;
  for (std::size_t file = files_.size(); file > 0; --file) {
    const FileFacts& facts = files_[file - 1].facts;
    // Without records a file has no times.
    if (facts.records != 0) earliest = std::min(earliest, facts.earliest);
    files_[file - 1].earliest_from_here = earliest;
  }
}

Result<void> ReduceTask::go_through() {
  for (std::size_t file = 0; file < files_.size();) {
    std::size_t end = file + 1;
    while (end < files_.size() && files_[end].group == file) ++end;
    for (std::size_t i = file; i < end; ++i) files_[i].start = start_;
    auto done = end == file + 1 ? take_file(file) : take_group(file, end);
    if (!done) return done;
    report_.fragments_cut |= start_.cut;
    pools_.advance(start_.clock.elapsed);
    file = end;
    if (file < files_.size()) forget(file);
  }
  return {};
}

Result<void> ReduceTask::take_file(std::size_t file) {
  const std::string path = carry_path(folder_, file + 1);
  auto carry = CarryReader::open(path, domains_);
  if (!carry) return blame(file, path, carry.error());
  BorderWalk& walk = files_[file].walk;
  if (file != 0) {
    auto walked = BorderWalk::read(setup_, file, start_, domains_);
    if (!walked) return tl::unexpected(walked.error());
    walk = std::move(*walked);
  }
  TupleKeys wanted(walk.differing());
  std::map<std::size_t, TupleKeys> histories;
  const Tuples& tuples = carry->tuples();
  for (std::uint32_t i = 0; i < tuples.size(); ++i) {
    const Tuple& tuple = tuples[i];
    const Crossing* const before = crossings_.find(tuple.key);
    const bool lives =
        before != nullptr && crossings_.lives(*before, tuple.first, walk.true_time(0, tuple.first_elapsed));
    if (lives && !before->fed) histories[before->file].insert(tuple.key);
    if (lives || tuple.open != 0) wanted.insert(tuple.key);
    if (before != nullptr && !lives) crossings_[tuple.key] = {};
  }
  for (const TupleKey& key : walk.differing()) {
    const Crossing* const before = crossings_.find(key);
    if (before != nullptr && !before->fed && tuples.find(key) == nullptr) histories[before->file].insert(key);
  }
  if (auto done = feed_histories(histories); !done) return done;
  if (auto done = feed(file, *carry, wanted); !done) return done;
  note_others(file, *carry, wanted);
  start_ = walk.end(carry->end());
  return {};
}

// Those that are fed are noted when they are.
void ReduceTask::note_others(std::size_t file, const CarryReader& carry, const TupleKeys& wanted) {
  const Tuples& tuples = carry.tuples();
  for (std::uint32_t i = 0; i < tuples.size(); ++i) {
    const Tuple& tuple = tuples[i];
    if (wanted.contains(tuple.key)) {
      files_[file].replaced.insert(i);
      continue;
    }
    crossings_[tuple.key] = {
        .file = file, .last = tuple.last, .last_elapsed = files_[file].walk.true_time(0, tuple.last_elapsed)};
  }
}

// What came before of tuples that the pools do not know yet.
Result<void> ReduceTask::feed_histories(const std::map<std::size_t, TupleKeys>& histories) {
  for (const auto& [file, keys] : histories) {
    const std::string path = carry_path(folder_, file + 1);
    auto carry = CarryReader::open(path, domains_);
    if (!carry) return blame(file, path, carry.error());
    if (auto done = feed(file, *carry, keys); !done) return done;
    for (const TupleKey& key : keys) {
      if (const std::uint32_t* const tuple = carry->tuples().find(key)) files_[file].replaced.insert(*tuple);
    }
  }
  return {};
}

Result<void> ReduceTask::feed(std::size_t file, CarryReader& carry, const TupleKeys& wanted) {
  const Tuples& tuples = carry.tuples();
  const bool carried = std::all_of(wanted.begin(), wanted.end(), [&](const TupleKey& key) {
    const std::uint32_t* const tuple = tuples.find(key);
    return tuple != nullptr && tuples[*tuple].carried && !files_[file].walk.differs(key);
  });
  return carried ? feed_carried(file, carry, wanted) : read_again(file, wanted);
}

Result<void> ReduceTask::feed_carried(std::size_t file, CarryReader& carry, const TupleKeys& wanted) {
  if (wanted.empty()) return {};
  CarryReader::Carried carried;
  while (carry.next(carried)) {
    const TupleKey& key = carry.tuples()[carried.tuple].key;
    if (!wanted.contains(key)) continue;
    FoundSegment& segment = carried.segment;
    segment.elapsed = files_[file].walk.true_time(segment.rank, segment.elapsed);
    feed(file, segment, key);
  }
  if (carry.failure().empty()) return {};
  return blame(file, carry_path(folder_, file + 1), {ErrorCode::damaged, carry.failure()});
}

Result<void> ReduceTask::read_again(std::size_t file, const TupleKeys& wanted) {
  files_[file].read_again = true;
  auto input = BatchInput::open(setup_, {file});
  if (!input) return tl::unexpected(input.error());
  Dissector dissector(setup_.decoder, domains_, files_[file].start);
  while (!input->reader().finished()) {
    for (const Record& record : input->reader().next_batch()) {
      dissector.take(record, [&](const FoundSegment& segment) {
        const TupleKey key = key_of(segment);
        if (wanted.contains(key)) feed(file, segment, key);
      });
    }
  }
  if (input->stopped()) return failure(ErrorCode::io, "interrupted");
  return {};
}

void ReduceTask::feed(std::size_t file, const FoundSegment& segment, const TupleKey& key) {
  Crossing& crossing = crossings_[key];
  if (!crossing.fed || crossing.last < segment.info.timestamp) crossing.last = segment.info.timestamp;
  crossing.fed = true;
  crossing.file = file;
  crossing.last_elapsed = segment.elapsed;
  pools_.assemble(segment, (std::uint64_t{files_[file].group} << rank_bits) + segment.rank, crossing.open);
}

// Files that are mixed are one: the pools are given all of it.
Result<void> ReduceTask::take_group(std::size_t first, std::size_t end) {
  std::map<std::size_t, TupleKeys> histories;
  std::vector<std::size_t> numbers;
  for (std::size_t file = first; file < end; ++file) {
    numbers.push_back(file);
    const std::string path = carry_path(folder_, file + 1);
    auto carry = CarryReader::open(path, domains_);
    if (!carry) return blame(file, path, carry.error());
    const Tuples& tuples = carry->tuples();
    for (std::uint32_t i = 0; i < tuples.size(); ++i) {
      Crossing* const before = crossings_.find(tuples[i].key);
      if (before == nullptr || before->fed) continue;
      histories[before->file].insert(tuples[i].key);
    }
  }
  report_.overlapping += end - first;
  if (auto done = feed_histories(histories); !done) return done;
  auto input = BatchInput::open(setup_, numbers);
  if (!input) return tl::unexpected(input.error());
  Dissector dissector(setup_.decoder, domains_, start_);
  while (!input->reader().finished()) {
    for (const Record& record : input->reader().next_batch()) {
      dissector.take(record, [&](const FoundSegment& segment) { feed(first, segment, key_of(segment)); });
    }
  }
  if (input->stopped()) return failure(ErrorCode::io, "interrupted");
  start_ = dissector.border();
  return {};
}

// Also where files began, if nothing asks for that any more.
void ReduceTask::forget(std::size_t next) {
  crossings_.forget_dead(files_[next].earliest_from_here, start_.clock.elapsed);
  const std::size_t oldest = crossings_.oldest_unfed(next);
  for (std::size_t file = oldest; file > 0 && !files_[file - 1].forgotten; --file) {
    File& over = files_[file - 1];
    over.start = {};
    over.walk = {};
    over.forgotten = true;
  }
}

}  // namespace

Result<ReduceReport> reduce(const BatchSetup& setup, const std::string& folder,
                            const std::function<void(std::string_view)>& write) {
  return ReduceTask(setup, folder).run(write);
}

}  // namespace restitch::batch
