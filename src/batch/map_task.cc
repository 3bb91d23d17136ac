#include "batch/map_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "batch/batch_input.h"
#include "batch/connection_line.h"
#include "batch/dissector.h"
#include "batch/pools.h"
#include "batch/result_file.h"
#include "batch/tuples.h"
#include "restitch/output_json.h"

namespace restitch::batch {
namespace {

// What ended so shortly before the end of its file is carried: its last acknowledgement is often in the next
// one.
constexpr std::int64_t late_ns = 2'000'000'000;
// But no more of it than this part of the packets, or so many bytes: the rest can be read again.
constexpr std::uint64_t late_part = 16;
constexpr std::uint64_t late_bytes_min = std::uint64_t{1} << 20;

// A connection that has ended.
struct Ended {
  std::uint64_t rank;
  std::uint32_t tuple;
  std::string lines;
};

class MapTask {
 public:
  MapTask(const BatchSetup& setup, std::size_t file)
      : setup_(setup), file_(file), domains_(setup.decoder.domains_max) {
    start_.clock.elapsed = setup.elapsed_at(file);
    facts_.manifest_digest = setup.manifest_digest;
    facts_.task = file + 1;
  }

  Result<FileFacts> run(const std::string& folder) {
    if (auto done = reassemble(); !done) return tl::unexpected(done.error());
    choose_carried();
    if (auto done = write_carry(carry_path(folder, facts_.task)); !done) return tl::unexpected(done.error());
    if (auto done = write_lines(map_path(folder, facts_.task)); !done) return tl::unexpected(done.error());
    return facts_;
  }

 private:
  Result<void> reassemble();
  void note(const FoundSegment& segment);
  void choose_carried();
  void carry_late();
  Result<void> write_carry(const std::string& path);
  Result<void> write_lines(const std::string& path);
  template <class Found>
  Result<void> read(Dissector& dissector, Found&& found);

  const BatchSetup& setup_;
  std::size_t file_;
  DomainTable domains_;
  Border start_;
  Border end_;
  FileFacts facts_;
  Tuples tuples_;
  std::vector<std::uint64_t> bytes_;  // of each tuple's segments
  std::vector<Ended> ended_;
  BatchPools::Sink sink_ = [this](const ConnectionSummary& summary, std::uint64_t rank) {
    std::string lines;
    append_connection_json(lines, summary, setup_.with_empty, setup_.community_seed);
    const std::uint32_t tuple = tuples_.number_of(detail::make_key(summary.net, summary.transport).key);
    ended_.push_back({rank, tuple, std::move(lines)});
  };
  BatchPools pools_{setup_, sink_};
};

template <class Found>
Result<void> MapTask::read(Dissector& dissector, Found&& found) {
  auto input = BatchInput::open(setup_, {file_});
  if (!input) return tl::unexpected(input.error());
  facts_.records = 0;
  while (!input->reader().finished()) {
    for (const Record& record : input->reader().next_batch()) {
      ++facts_.records;
      dissector.take(record, found);
    }
  }
  if (input->stopped()) return failure(ErrorCode::io, "interrupted");
  facts_.earliest = input->earliest();
  facts_.latest = input->latest();
  facts_.damage = input->damage();
  return {};
}

Result<void> MapTask::reassemble() {
  Dissector dissector(setup_.decoder, domains_, start_);
  auto done = read(dissector, [this](const FoundSegment& segment) { note(segment); });
  if (!done) return done;
  pools_.advance(dissector.clock().elapsed());
  end_ = dissector.border();
  facts_.limited = pools_.limited();
  return {};
}

void MapTask::note(const FoundSegment& segment) {
  const TcpSegment& tcp = segment.decoded.tcp;
  const TupleKey key = detail::make_key(segment.decoded.net, tcp.transport()).key;
  const std::uint32_t tuples = tuples_.size();
  const std::uint32_t number = tuples_.number_of(key);
  Tuple& tuple = tuples_[number];
  if (number == tuples) {
    tuple.first = tuple.last = segment.info.timestamp;
    tuple.first_elapsed = segment.elapsed;
    tuple.begins = tcp.syn() && !tcp.ack() && !tcp.rst();
    bytes_.push_back(0);
  }
  bytes_[number] += tcp.bytes.size();
  tuple.note(segment.info.timestamp, segment.elapsed);
  pools_.assemble(segment, segment.rank, tuple.open);
}

// The latest first.
void MapTask::carry_late() {
  std::vector<std::uint32_t> late;
  for (std::uint32_t i = 0; i < tuples_.size(); ++i) {
    const bool is_late = detail::nanoseconds_between(tuples_[i].last, facts_.latest) <= late_ns;
    if (is_late && !tuples_[i].carried) late.push_back(i);
  }
  std::stable_sort(late.begin(), late.end(), [this](std::uint32_t one, std::uint32_t other) {
    return tuples_[one].last > tuples_[other].last;
  });
  const std::uint64_t all = std::accumulate(bytes_.begin(), bytes_.end(), std::uint64_t{0});
  std::uint64_t left = std::max(all / late_part, late_bytes_min);
  for (const std::uint32_t tuple : late) {
    if (bytes_[tuple] > left) return;
    left -= bytes_[tuple];
    tuples_[tuple].carried = true;
  }
}

// What is open now may go on in another file: whoever reduces tells of it.
void MapTask::choose_carried() {
  for (std::uint32_t i = 0; i < tuples_.size(); ++i) {
    Tuple& tuple = tuples_[i];
    tuple.carried = tuple.open != 0 || !tuple.begins;
  }
  carry_late();
  std::erase_if(ended_, [this](const Ended& ended) { return tuples_[ended.tuple].open != 0; });
  std::stable_sort(ended_.begin(), ended_.end(),
                   [](const Ended& one, const Ended& other) { return one.rank < other.rank; });
  for (const Ended& ended : ended_) {
    facts_.lines += std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::count(ended.lines.begin(), ended.lines.end(), '\n')));
  }
}

Result<void> MapTask::write_carry(const std::string& path) {
  auto file = ResultFile::create(path);
  if (!file) return tl::unexpected(file.error());
  CarryWriter writer(*file, facts_, end_, tuples_, domains_);
  const FileFacts facts = facts_;
  Dissector dissector(setup_.decoder, domains_, start_);
  auto done = read(dissector, [&](const FoundSegment& segment) {
    const std::uint32_t* const tuple =
        tuples_.find(detail::make_key(segment.decoded.net, segment.decoded.tcp.transport()).key);
    if (tuple != nullptr && tuples_[*tuple].carried) writer.append(segment, *tuple);
  });
  if (!done) return done;
  if (facts_.records != facts.records) return failure(ErrorCode::io, "the file changed while it was read");
  writer.finish();
  return file->commit();
}

Result<void> MapTask::write_lines(const std::string& path) {
  auto file = ResultFile::create(path);
  if (!file) return tl::unexpected(file.error());
  std::uint64_t connection = 0;
  for (const Ended& ended : ended_) {
    file->append(numbered_lines(ended.lines, {ended.rank, ended.tuple, connection++}));
  }
  return file->commit();
}

}  // namespace

std::string map_path(const std::string& folder, std::uint64_t task) {
  return fmt::format("{}/map-{}.jsonl", folder, task);
}

std::string carry_path(const std::string& folder, std::uint64_t task) {
  return fmt::format("{}/carry-{}", folder, task);
}

Result<FileFacts> map_file(const BatchSetup& setup, std::size_t file, const std::string& folder) {
  return MapTask(setup, file).run(folder);
}

}  // namespace restitch::batch
