#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/wall_clock.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

// Where records go: a folder, or standard output.
class Destination {
 public:
  virtual ~Destination() = default;
  virtual void add(const ConnectionSummary& summary) = 0;
  // What is known is to be there; false: it could not be written.
  virtual bool flush() = 0;
  virtual bool finish() = 0;
  // Writes to a new file under the same name.
  virtual void reopen() {}
  // A line for the end; empty: there is nothing to tell.
  [[nodiscard]] virtual std::string text() const { return {}; }
};

class ToOutput final : public Destination {
 public:
  explicit ToOutput(const LogOptions& options) : writer_(options) { writer_.begin(text_, wall_clock()); }

  void add(const ConnectionSummary& summary) override {
    writer_.add(text_, summary);
    pass_on();
  }
  bool flush() override {
    pass_on();
    return output_.flush();
  }
  bool finish() override {
    writer_.finish(text_, wall_clock());
    return flush();
  }

 private:
  void pass_on() {
    output_.write(text_);
    text_.clear();
  }

  StandardOutput output_;
  ConnectionLogWriter writer_;
  std::string text_;
};

class ToFolder final : public Destination {
 public:
  ToFolder(std::unique_ptr<ConnectionLogFiles> files, Session& session, std::string folder)
      : files_(std::move(files)), session_(session), folder_(std::move(folder)) {}

  void add(const ConnectionSummary& summary) override { files_->add(summary); }
  bool flush() override {
    files_->flush();
    return tell_error();
  }
  bool finish() override {
    files_->finish();
    return tell_error();
  }
  void reopen() override { files_->reopen(); }
  [[nodiscard]] std::string text() const override {
    return fmt::format("{} rows in {} file{}, written to {}\n", files_->rows(), files_->files(),
                       files_->files() == 1 ? "" : "s", folder_);
  }

 private:
  bool tell_error() {
    if (files_->error() && !std::exchange(told_, true)) session_.fail(files_->error()->message);
    return !files_->error();
  }

  std::unique_ptr<ConnectionLogFiles> files_;
  Session& session_;
  std::string folder_;
  bool told_ = false;
};

// nullptr: it could not be opened, and the session said why.
std::unique_ptr<Destination> open_destination(Session& session, const Options& options) {
  if (options.directory.empty()) {
    if (!session.give_up_rights()) return nullptr;
    return std::make_unique<ToOutput>(options.log.log);
  }
  auto folder = OutputFolder::open(options.directory);
  if (!folder) {
    session.fail(folder.error().message);
    return nullptr;
  }
  if (!session.give_up_rights(&*folder)) return nullptr;
  auto files = ConnectionLogFiles::open(std::move(*folder), options.log);
  if (!files) {
    session.fail(files.error().message);
    return nullptr;
  }
  return std::make_unique<ToFolder>(std::move(*files), session, options.directory);
}

}  // namespace

int run_log(const Options& options) {
  Session session(options);
  if (!session.open()) return session.status();
  const auto destination = open_destination(session, options);
  if (!destination || !session.serve_metrics()) return session.status();
  ConnectionTotals totals;
  const auto take = [&](const ConnectionSummary& summary) {
    totals.add(summary);
    if (options.where.matches(summary)) destination->add(summary);
  };
  ConnectionLogs logs(EngineOptions::usual_shards, take,
                      options.input.endless() ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
                      options.memory.log);
  using Factory = SummaryFactory<TraceStream>;
  session.run<TraceStream, Factory>(
      logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); },
      [&] {
        if (take_hang_up()) destination->reopen();
        if (session.stalled()) logs.pass_on_ended();
        const bool written = !session.tells_at_once() || destination->flush();
        if (!written) session.break_off();
        return written;
      });
  const bool written = destination->finish();
  if (!options.quiet && !session.read_nothing()) show(destination->text() + closing_text(session, totals));
  return written || session.status() != exit_ok ? session.status() : exit_input;
}

}  // namespace restitch::cli
