#include "cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "cli/input_text.h"
#include "cli/messages.h"
#include "cli/privileges.h"
#include "cli/skipped_text.h"
#include "cli/summary.h"

namespace restitch::cli {

void Session::fail(const std::string& message) {
  progress_.clear();
  tell(message);
  status_ = exit_input;
}

void Session::tell(const std::string& message) const {
  if (!options_.muted) say(message);
}

bool Session::open() {
  if (options_.input.endless()) outlive_hang_ups();
  if (const auto opened = keys_.open(options_.keylog, options_.input.endless()); !opened) {
    fail(opened.error().message);
    return false;
  }
  auto input = Input::open(options_.input, options_.memory, interrupted(),
                           [this](std::string_view lines) { keys_.add_lines(lines); });
  if (!input) {
    const bool rights =
        options_.input.live() && input.error().message.find("not permitted") != std::string::npos;
    fail(input.error().message + (rights ? " (to capture takes root, or cap_net_raw: see setcap(8))" : ""));
    return false;
  }
  input_ = std::move(*input);
  note_skipped();
  for (const std::string& trouble : input_->troubles()) fail(trouble);
  if (!input_->troubles().empty()) return false;
  tells_at_once_ = options_.input.endless() || !input_->reader().size();
  return true;
}

bool Session::give_up_rights(const OutputFolder* folder) {
  if (!options_.input.live()) return true;
  const Result<void> done = relinquish_privileges(options_.input.user, folder);
  if (!done) fail(done.error().message);
  return done.has_value();
}

std::optional<OutputFolder> Session::open_folder(const std::string& path) {
  auto folder = OutputFolder::open(path);
  if (!folder) {
    fail(folder.error().message);
    return std::nullopt;
  }
  if (!give_up_rights(&*folder)) return std::nullopt;
  return std::move(*folder);
}

bool Session::serve_metrics() {
  if (options_.metrics.empty()) return true;
  auto server = MetricsServer::open(options_.metrics);
  if (!server) {
    fail(server.error().message);
    return false;
  }
  metrics_ = std::move(*server);
  if (!options_.quiet) cli::show(fmt::format("metrics: http://{}/metrics\n", metrics_->address()));
  return true;
}

PoolOptions Session::pool_options() const {
  PoolOptions options;
  options_.receivers.apply(options);
  // A connection that was joined in the middle waits for an earlier byte until this much is there.
  options.midstream_pages_max = 64;
  options.midstream_packets_max = 8;
  options.midstream_wait_ns = 200'000'000;
  options.limits = options_.memory.pool.pool;
  options.history_bytes_max = options_.limits.history_bytes_max;
  options.tombstones_max = options_.memory.pool.tombstones_max;
  options.ageing = options_.limits.ageing;
  return options;
}

void Session::Listener::watch(const detail::EngineBase& engine) {
  engine_ = &engine;
  logs_.set_slots(engine.slots());
}

bool Session::Listener::chunk_read() {
  session_.note_reading([&] { return engine_->counts(); });
  return true;
}

bool Session::Listener::chunk_done(std::size_t slot) {
  logs_.chunk_done(slot);
  session_.keys_.read_on();
  return go_on_();
}

bool Session::show(StandardOutput& output) {
  if (tells_at_once()) output.flush();
  if (output.failed()) break_off();
  return !output.failed();
}

void Session::note_news() {
  constexpr std::chrono::milliseconds stall{300};
  const auto now = std::chrono::steady_clock::now();
  if (counts_.fed.packets != packets_noted_) news_ = now;
  packets_noted_ = counts_.fed.packets;
  stalled_ = now - news_ >= stall;
}

void Session::count(const PoolCounts& pool) {
  counts_.bytes = pool.bytes[0];
  counts_.bytes += pool.bytes[1];
  counts_.events = pool.events;
  counts_.pool = pool.size;
  count_inputs();
}

// Without memory for the page, the one before stays.
void Session::publish(const PoolCounts& pool) {
  try {
    count(pool);
    metrics_->publish(counters_prometheus(counters_of(counts_)));
  } catch (const std::bad_alloc&) {
  }
}

void Session::count_inputs() {
  counts_.fragments = decoder_.fragment_counts();
  counts_.filtered_out = input_->filtered_out();
  counts_.inputs_incomplete = damages_.size();
  counts_.interrupted = interrupted_;
  counts_.interfaces = input_->reader().metadata().interfaces;
}

bool Session::metrics_due() {
  if (!metrics_) return false;
  constexpr std::chrono::milliseconds interval{200};
  const auto now = std::chrono::steady_clock::now();
  if (now - published_ < interval) return false;
  published_ = now;
  return true;
}

void Session::show_counts(const PoolCounts& pool) {
  progress_.clear();
  count(pool);
  cli::show(counts_text(*this));
}

void Session::begin() {
  if (!options_.input.endless()) return;
  if (const Result<void> told = manager_.ready(); !told) tell(told.error().message);
}

// Those that were not told yet: a directory that grows may bring more.
void Session::note_skipped() {
  const auto news = std::span(input_->skipped()).subspan(skipped_noted_);
  skipped_noted_ += news.size();
  if (news.empty() || options_.quiet) return;
  tell(skipped_text(news));
  if (!options_.verbose) return;
  for (const SkippedFile& file : news) tell(skipped_text(file));
}

void Session::note_ends() {
  progress_.clear();
  if (const Result<void> told = manager_.stopping(); !told) tell(told.error().message);
  note_skipped();
  if (options_.verbose) cli::show(input_text(*input_));
  for (const InputEnd& input : input_->ends()) note_end(input);
  if (broken_off_ && !input_->reader().finished()) return note_incomplete("stopped reading");
  interrupted_ = !options_.input.endless() && input_->stopped();
  if (!interrupted_) return;
  note_incomplete("interrupted");
  status_ = status_of(interrupting_signal());
}

void Session::note_end(const InputEnd& input) {
  if (input.end.message.empty()) return;
  if (input.end.damaged) {
    damages_.push_back(input.end.message);
    fail(input.end.message);
  } else {
    tell(input.end.message);
  }
}

bool Session::read_nothing() const {
  const std::vector<InputEnd> ends = input_->ends();
  return counts_.fed.packets == 0 &&
         std::all_of(ends.begin(), ends.end(), [](const InputEnd& input) { return input.end.damaged; });
}

// What has no end of its own is ended so by whoever watches, and complete then.
void Session::note_incomplete(const std::string& how) {
  incomplete_ = true;
  damages_.push_back(how + " " + input_->how_far());
  tell(damages_.back());
}

}  // namespace restitch::cli
