#include "c/reader.h"

#include <utility>

#include "c/status.h"

namespace restitch::c {
namespace {

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

}  // namespace

Result<ReaderWishes> wishes_of(const char* const* paths, std::size_t path_count,
                               const restitch_reader_options& options) {
  ReaderWishes wishes;
  auto receivers = parse_receivers(options.receiver);
  if (!receivers) return tl::unexpected(receivers.error());
  wishes.receivers = std::move(*receivers);
  if (options.where != nullptr) {
    auto where = ConnectionFilter::parse(options.where);
    if (!where) return tl::unexpected(where.error());
    wishes.where = std::move(*where);
  }
  wishes.input.paths.assign(paths, paths + path_count);
  wishes.input.filter = text_or_empty(options.filter);
  wishes.input.recursive = options.recursive != 0;
  wishes.keeping.data = options.without_data == 0;
  wishes.keeping.pieces = options.list_pieces != 0;
  wishes.keeping.events = options.list_events != 0;
  wishes.keeping.data_max = options.data_max;
  if (options.data_total_max != 0) wishes.keeping.data_total_max = options.data_total_max;
  wishes.join = options.scattered == 0;
  wishes.community_seed = options.community_seed;
  wishes.memory_max = options.memory_max;
  wishes.step_packets = options.step_packets;
  return wishes;
}

Reader::Reader(ReaderWishes wishes)
    : wishes_(std::move(wishes)),
      settings_(wishes_.memory_max),
      decoder_(settings_.decoder),
      kept_(wishes_.keeping, wishes_.where) {
  wishes_.input.memory_max = settings_.reading_max;
  use_receivers(settings_.pool, wishes_.receivers);
  settings_.pool.observe = wishes_.keeping.events;
}

Result<void> Reader::open() {
  auto input = Input::open(wishes_.input, stop_);
  if (!input) return tl::unexpected(input.error());
  input_ = std::move(*input);
  return {};
}

restitch_status Reader::next(const restitch_connection** connection) {
  view_.reset();
  if (!pool_ && !finished_) pool_.emplace(kept_, settings_.pool);
  while (kept_.empty() && !finished_) {
    read_some();
    if (kept_.empty() && !finished_ && wishes_.step_packets != 0) return RESTITCH_AGAIN;
  }
  if (kept_.empty()) return end();
  view_.emplace(kept_.pop(), wishes_.community_seed, wishes_.join);
  *connection = &view_->shown();
  return RESTITCH_OK;
}

// Until a connection has ended; with a step, until so much was read, or nothing came.
void Reader::read_some() {
  const std::uint64_t begin = fed_.packets;
  std::uint64_t before = begin;
  feed(input_->reader(), decoder_, pool_->assembler, fed_, [&] {
    const std::uint64_t now = fed_.packets;
    const bool came = std::exchange(before, now) != now;
    const bool goes_on = wishes_.step_packets == 0 || (came && now - begin < wishes_.step_packets);
    return kept_.empty() && goes_on && !stop_;
  });
  if (input_->reader().finished() || stop_) finish();
}

void Reader::finish() {
  finished_ = true;
  pool_->assembler.flush_all(stop_ ? EndReason::interrupted : EndReason::end_of_input);
}

restitch_status Reader::end() {
  const std::string damage = input_->damage();
  if (damage.empty() || std::exchange(damage_told_, true)) return RESTITCH_END;
  return fail(RESTITCH_DAMAGED, damage);
}

restitch_status Reader::run(const restitch_callbacks& calls) {
  if (pool_ && !called_) return fail(RESTITCH_INVALID, "connections of this reader were asked for before");
  if (!pool_ && !finished_) pool_.emplace(called_.emplace(calls), settings_.pool);
  while (!finished_) {
    read_some();
    if (!finished_ && wishes_.step_packets != 0) return RESTITCH_AGAIN;
  }
  end_run();
  return stop_ ? RESTITCH_STOPPED : end();
}

// No stream outlives the run.
void Reader::end_run() {
  if (!called_) return;
  bytes_ += pool_->streams.byte_counts();
  pool_.reset();
  opened_ += called_->opened();
  called_.reset();
}

restitch_counts Reader::counts() const {
  ByteCounts bytes = bytes_;
  if (pool_) bytes += pool_->streams.byte_counts();
  return counts_of(fed_, bytes, kept_.opened() + opened_ + (called_ ? called_->opened() : 0));
}

restitch_counts counts_of(const FeedCounts& fed, const ByteCounts& bytes, std::uint64_t opened) {
  return {sizeof(restitch_counts), fed.packets,     fed.segments,       opened,        bytes.seen,
          bytes.delivered,         bytes.duplicate, bytes.before_start, bytes.refused, bytes.dropped};
}

}  // namespace restitch::c

using restitch::c::fail;
using restitch::c::guarded;

// What the handle stands for.
struct restitch_reader {
  explicit restitch_reader(restitch::c::ReaderWishes wishes) : reader(std::move(wishes)) {}

  restitch::c::Reader reader;
  bool busy = false;
};

restitch_status restitch_reader_open(restitch_reader** reader, const char* const* paths, size_t path_count,
                                     const restitch_reader_options* options) {
  return guarded([&]() -> restitch_status {
    *reader = nullptr;
    auto wishes = restitch::c::wishes_of(paths, path_count, restitch::c::read_sized(options));
    if (!wishes) return fail(wishes.error());
    auto opened = std::make_unique<restitch_reader>(std::move(*wishes));
    const restitch::Result<void> done = opened->reader.open();
    if (!done) return fail(done.error());
    *reader = opened.release();
    return RESTITCH_OK;
  });
}

restitch_status restitch_reader_next(restitch_reader* reader, const restitch_connection** connection) {
  return guarded(reader->busy, [&] { return reader->reader.next(connection); });
}

restitch_status restitch_reader_run(restitch_reader* reader, const restitch_callbacks* callbacks) {
  return guarded(reader->busy, [&] { return reader->reader.run(restitch::c::read_sized(callbacks)); });
}

void restitch_reader_stop(restitch_reader* reader) { reader->reader.stop(); }

restitch_status restitch_reader_counts(const restitch_reader* reader, restitch_counts* counts) {
  return guarded([&] { return restitch::c::write_sized(counts, reader->reader.counts()); });
}

void restitch_reader_close(restitch_reader* reader) { const std::unique_ptr<restitch_reader> closed(reader); }
