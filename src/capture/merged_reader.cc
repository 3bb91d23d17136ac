#include <algorithm>
#include <thread>

#include "capture/merge_input.h"

namespace restitch {

namespace {

constexpr std::size_t batch_size_max = 256;
constexpr std::size_t batch_bytes_max = std::size_t{256} << 10;
// How often silent inputs are asked again while there is time to wait.
constexpr std::chrono::milliseconds silent_poll{2};
// Damaged inputs named in one message; ends() has them all.
constexpr std::size_t named_max = 3;

// True when `later` is at least `window_ns` behind `earlier`; times of hostile captures may be anything.
bool is_behind(Timestamp earlier, Timestamp later, std::int64_t window_ns) {
  std::int64_t difference;
  if (__builtin_sub_overflow(later.ns, earlier.ns, &difference)) return earlier < later;
  return difference >= window_ns;
}

}  // namespace

MergedReader::MergedReader(std::vector<MergeInput> inputs, MergeOptions options) : options_(options) {
  batch_.reserve(batch_size_max);
  for (MergeInput& input : inputs) add(std::move(input));
}

MergedReader::~MergedReader() = default;

void MergedReader::add(MergeInput about) {
  finished_ = false;
  const auto index = static_cast<std::uint32_t>(inputs_.size());
  inputs_.push_back(std::make_unique<Input>(std::move(about), index));
  Input* const input = inputs_.back().get();
  // Behind everything that is due later; among equals, the earlier input is due first.
  const auto place = std::find_if(due_.begin(), due_.end(), [&](const Input* other) {
    return other->about().first <= input->about().first;
  });
  due_.insert(place, input);
}

std::span<const Record> MergedReader::next_batch() {
  using Clock = Input::Clock;
  drop_handed_out();
  const auto patience_end = Clock::now() + std::chrono::milliseconds(patience_ms_);
  while (!finished_) {
    const bool news = refill();
    open_due();
    if (open_.empty()) {
      finish();
      break;
    }
    if (all_ready()) {
      emit_exactly();
    } else if (options_.window_ns != MergeOptions::for_ever) {
      emit_behind_window();
    }
    if (!batch_.empty()) return batch_;
    const auto now = Clock::now();
    if (now >= patience_end) break;
    if (!news) std::this_thread::sleep_for(std::min<Clock::duration>(silent_poll, patience_end - now));
  }
  return {};
}

void MergedReader::drop_handed_out() {
  batch_.clear();
  batch_bytes_ = 0;
  for (Input* input : open_) input->drop_handed_out();
}

// Reads on where nothing lent is left. True if that brought anything.
bool MergedReader::refill() {
  bool news = false;
  for (Input* input : open_) {
    if (input->can_refill() && input->refill(interfaces_)) news = true;
  }
  std::erase_if(open_, [](const Input* input) { return input->is_done(); });
  return news;
}

// Opens the inputs whose first record is not younger than the oldest one at hand.
void MergedReader::open_due() {
  if (stop_asked()) leave_due();
  while (!due_.empty()) {
    std::optional<Timestamp> oldest;
    for (const Input* input : open_) {
      if (input->has_head() && (!oldest || input->head_time() < *oldest)) oldest = input->head_time();
    }
    const Timestamp first = due_.back()->about().first;
    if (oldest && first.ns != 0 && *oldest < first) return;
    open_next();
  }
}

void MergedReader::leave_due() {
  for (Input* input : due_) input->leave();
  due_.clear();
}

void MergedReader::open_next() {
  Input* const input = due_.back();
  due_.pop_back();
  if (!input->open(interfaces_)) {
    if (stop_asked()) input->leave();  // a header that was waited for
    return;
  }
  input->refill(interfaces_);
  if (input->is_done()) return;
  const auto place = std::find_if(open_.begin(), open_.end(),
                                  [&](const Input* other) { return other->index() > input->index(); });
  open_.insert(place, input);
}

bool MergedReader::all_ready() const {
  return std::all_of(open_.begin(), open_.end(), [](const Input* input) { return input->has_head(); });
}

bool MergedReader::has_room() const {
  return batch_.size() < batch_size_max && batch_bytes_ < batch_bytes_max;
}

void MergedReader::emit(Input& input) {
  waiting_bytes_ -= input.emit(batch_);
  batch_bytes_ += batch_.back().frame.size();
}

// Every input shows its oldest record: the oldest of all is known. Ends when one of them has no more at
// hand, or the next input is due.
void MergedReader::emit_exactly() {
  while (has_room()) {
    Input* oldest = open_.front();
    std::optional<Timestamp> rival;  // what the oldest one has to precede
    bool rival_first = false;        // … and not only not follow, for the rival has the lower number
    for (Input* input : open_) {
      if (input == oldest) continue;
      if (input->head_time() < oldest->head_time()) {
        if (!rival || oldest->head_time() <= *rival) {
          rival = oldest->head_time();
          rival_first = true;
        }
        oldest = input;
      } else if (!rival || input->head_time() < *rival) {
        rival = input->head_time();
        rival_first = false;
      }
    }
    do {
      if (!due_.empty() && oldest->head_time() >= due_.back()->about().first) return;
      emit(*oldest);
      if (!oldest->has_head()) return;
    } while (has_room() &&
             (!rival || oldest->head_time() < *rival || (!rival_first && oldest->head_time() == *rival)));
  }
}

// Some input has nothing for now. What cannot wait any longer goes on, oldest first; of the rest copies
// are made, so that the inputs can be read on.
void MergedReader::emit_behind_window() {
  const auto now = Input::Clock::now();
  Timestamp youngest = open_.front()->latest();
  std::optional<Timestamp> silent;  // no input that is silent has shown less than this
  for (const Input* input : open_) {
    youngest = std::max(youngest, input->latest());
    if (!input->has_head() && (!silent || input->latest() < *silent)) silent = input->latest();
  }
  while (has_room()) {
    Input* oldest = nullptr;
    for (Input* input : open_) {
      if (input->has_head() && (oldest == nullptr || input->head_time() < oldest->head_time()))
        oldest = input;
    }
    if (oldest == nullptr) return;
    const Timestamp time = oldest->head_time();
    if (!due_.empty() && time >= due_.back()->about().first) break;
    const bool in_time = silent && time < *silent;
    const bool too_late = is_behind(time, youngest, options_.window_ns) ||
                          oldest->waited(now) >= std::chrono::nanoseconds(options_.window_ns);
    if (!in_time && !too_late && waiting_bytes_ < options_.waiting_bytes_max) break;
    emit(*oldest);
    if (!oldest->has_head()) break;  // what it gives next may be older than what the others have
  }
  for (Input* input : open_) {
    if (waiting_bytes_ < options_.waiting_bytes_max) waiting_bytes_ += input->hold(now);
  }
}

void MergedReader::finish() {
  finished_ = true;
  end_ = {};
  std::size_t damaged = 0;
  for (const auto& input : inputs_) {
    const InputEnd one = input->end();
    end_.skipped += one.end.skipped;
    end_.stopped = end_.stopped || one.end.stopped;
    if (!one.end.damaged) continue;
    end_.damaged = true;
    if (damaged == 0) end_.offset = one.end.offset;
    if (++damaged > named_max) continue;
    if (!end_.message.empty()) end_.message += "; ";
    end_.message += one.opened ? one.name + ": " + one.end.message : one.end.message;
  }
  if (damaged > named_max) end_.message += "; and " + std::to_string(damaged - named_max) + " more";
}

bool MergedReader::finished() const { return finished_; }

const CaptureMetadata& MergedReader::metadata() const {
  metadata_ = {};
  metadata_.interfaces.resize(interfaces_);
  for (const auto& input : inputs_) input->describe(metadata_);
  return metadata_;
}

std::string MergedReader::format_name() const {
  if (inputs_.size() == 1) return inputs_.front()->format_name();
  return std::to_string(inputs_.size()) + " inputs, merged by time";
}

std::uint64_t MergedReader::bytes_read() const {
  std::uint64_t sum = 0;
  for (const auto& input : inputs_) sum += input->bytes_read();
  return sum;
}

std::optional<std::uint64_t> MergedReader::size() const {
  std::uint64_t sum = 0;
  for (const auto& input : inputs_) {
    if (!input->about().size) return std::nullopt;
    sum += *input->about().size;
  }
  return sum;
}

std::vector<InputEnd> MergedReader::ends() const {
  std::vector<InputEnd> ends;
  for (const auto& input : inputs_) ends.push_back(input->end());
  return ends;
}

}  // namespace restitch
