#include "capture/follow_series.h"

#include <thread>
#include <utility>

namespace restitch {

namespace {

// How often a directory or a name is looked at while the youngest file has nothing new.
constexpr std::chrono::milliseconds series_look_interval{200};

}  // namespace

std::span<const Record> FollowSeries::next_batch() {
  const auto patience_end = Clock::now() + patience_;
  files_.set_patience_ms(0);
  while (!finished_) {
    const bool stop = state_.stop_asked();
    const std::span<const Record> batch = files_.next_batch();
    if (!batch.empty()) return lend(batch);
    if (files_.finished()) {
      if (go_on_behind_end(stop)) continue;
      if (finished_) break;
    }
    if (Clock::now() - looked_ >= series_look_interval) {
      looked_ = Clock::now();
      look();
    }
    if (has_next()) {
      if (current_ != nullptr) current_->seal();
      continue;
    }
    if (Clock::now() >= patience_end) break;
    std::this_thread::sleep_for(follow_poll);
  }
  return {};
}

// True when the next file was begun. Otherwise this is the end, or the next one is waited for.
bool FollowSeries::go_on_behind_end(bool stop) {
  const bool more = note_end();
  current_ = nullptr;
  if (stop && !has_next()) look();  // what was there when it was asked is still read
  if (has_next()) {
    start_next();
    return true;
  }
  finished_ = stop || !more || state_.timed_out();
  return false;
}

// For its user, it is one source.
std::span<const Record> FollowSeries::lend(std::span<const Record> batch) {
  state_.last_news = Clock::now();
  batch_.assign(batch.begin(), batch.end());
  for (Record& record : batch_) record.info.source_index = 0;
  return batch_;
}

void FollowSeries::start_next() {
  // MergeInput::open is copyable, and called once: the reader waits in a parcel that all copies share.
  const auto parcel = std::make_shared<std::unique_ptr<FollowReader>>(take_next());
  current_ = parcel->get();
  files_.add({current_->name(), Timestamp(), std::nullopt,
              [parcel]() -> Result<std::unique_ptr<CaptureReader>> { return std::move(*parcel); }});
}

}  // namespace restitch
