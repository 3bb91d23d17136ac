#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "base/wall_clock.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/selection.h"
#include "cli/session.h"
#include "cli/standard_output.h"
#include "cli/summary.h"
#include "restitch/app/record_logs.h"
#include "restitch/app/record_sinks.h"
#include "restitch/output.h"

namespace restitch::cli {
namespace {

// Where rows go: a folder, or standard output.
class Destination {
 public:
  explicit Destination(std::unique_ptr<RecordLogs> logs) : logs_(std::move(logs)) {}
  virtual ~Destination() = default;

  void add(const ConnectionSummary& summary) {
    logs_->add(summary);
    pass_on();
  }
  void add(const ConnectionSummary& summary, ConnectionNote& note) {
    logs_->add(summary, note);
    pass_on();
  }
  // What is known is to be there; false: it could not be written.
  virtual bool flush() = 0;
  virtual bool finish() = 0;
  // Writes to new files under the same names.
  virtual void reopen() {}
  // A line for the end; empty: there is nothing to tell.
  [[nodiscard]] virtual std::string text() const { return {}; }

 protected:
  [[nodiscard]] RecordLogs& logs() const { return *logs_; }

 private:
  virtual void pass_on() {}

  std::unique_ptr<RecordLogs> logs_;
};

class ToOutput final : public Destination {
 public:
  using Destination::Destination;

  bool flush() override {
    pass_on();
    return output_.flush();
  }
  bool finish() override {
    pass_on();
    output_.write(logs().take_end());
    return output_.flush();
  }

 private:
  void pass_on() override { output_.write(logs().take_text()); }

  StandardOutput output_;
};

class ToFolder final : public Destination {
 public:
  ToFolder(std::unique_ptr<RecordLogs> logs, Session& session, std::string folder)
      : Destination(std::move(logs)), session_(session), folder_(std::move(folder)) {}

  bool flush() override {
    logs().flush();
    return tell_error();
  }
  bool finish() override {
    logs().finish();
    return tell_error();
  }
  void reopen() override { logs().reopen(); }
  [[nodiscard]] std::string text() const override {
    return fmt::format("{} rows in {} file{}, written to {}\n", logs().rows(), logs().files(),
                       logs().files() == 1 ? "" : "s", folder_);
  }

 private:
  bool tell_error() {
    if (logs().error() && !std::exchange(told_, true)) session_.fail(logs().error()->message);
    return !logs().error();
  }

  Session& session_;
  std::string folder_;
  bool told_ = false;
};

// nullptr: it could not be opened, and the session said why.
std::unique_ptr<Destination> open_destination(Session& session, const Options& options) {
  const RecordLogOptions log{options.log, options.log_rows.kinds};
  if (options.directory.empty()) {
    if (!session.give_up_rights()) return nullptr;
    return std::make_unique<ToOutput>(std::make_unique<RecordLogs>(log));
  }
  auto folder = session.open_folder(options.directory);
  if (!folder) return nullptr;
  auto logs = RecordLogs::open(std::move(*folder), log);
  if (!logs) {
    session.fail(logs.error().message);
    return nullptr;
  }
  return std::make_unique<ToFolder>(std::move(*logs), session, options.directory);
}

}  // namespace

int run_log(const Options& options) {
  int status = exit_ok;
  // A row may come long before it is known what its connection did. Inputs that cannot be read twice are
  // asked what is known then.
  const bool only_connections =
      options.log_rows.kinds == LogKinds().set(static_cast<std::size_t>(LogKind::conn));
  const bool looks_ahead = !only_connections && Selection::possible(options);
  const auto selection =
      Selection::read_ahead(options, looks_ahead ? options.where : ConnectionFilter(), status);
  if (!selection) return status;
  const auto chosen = [&](const ConnectionSummary& summary) {
    return looks_ahead ? selection->has(summary.number) : options.where.matches(summary);
  };
  Session session(options);
  if (!session.open()) return session.status();
  const auto destination = open_destination(session, options);
  if (!destination || !session.serve_metrics()) return session.status();
  ConnectionTotals totals;
  const auto take = [&](const ConnectionSummary& summary) {
    totals.add(summary);
    if (chosen(summary)) destination->add(summary);
  };
  ConnectionLogs logs(EngineOptions::usual_shards, take,
                      options.input.endless() ? ConnectionOrder::as_they_end : ConnectionOrder::as_they_begin,
                      options.memory.log);
  logs.on_note([&](const ConnectionSummary& summary, ConnectionNote& note) {
    if (chosen(summary)) destination->add(summary, note);
  });
  const auto go_on = [&] {
    if (take_hang_up()) destination->reopen();
    if (session.stalled()) logs.pass_on_ended();
    const bool written = !session.tells_at_once() || destination->flush();
    if (!written) session.break_off();
    return written;
  };
  // Of an input without end, a row is told at once; of a pipe, when nothing has come for a while.
  const bool waits = !options.input.endless();
  const auto stalled = [&] { return session.stalled(); };
  if (!only_connections) {
    session.run<AnalyzedStream, AnalyzedStreamFactory>(
        logs,
        [&](unsigned shard) {
          auto factory = std::make_unique<AnalyzedStreamFactory>(
              logs.log(shard), AppOptions{.limits = {}, .secrets = session.secrets()},
              std::make_unique<RecordSinks>(options.log_rows));
          if (waits) factory->wait_for_tails(stalled);
          return factory;
        },
        go_on, true);
  } else if (waits) {
    // Nobody has to look into the streams.
    using Factory = TailedTraceFactory;
    session.run<TraceStream, Factory>(
        logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard), stalled); }, go_on);
  } else {
    using Factory = SummaryFactory<TraceStream>;
    session.run<TraceStream, Factory>(
        logs, [&](unsigned shard) { return std::make_unique<Factory>(logs.log(shard)); }, go_on);
  }
  const bool written = destination->finish();
  if (!options.quiet && !session.read_nothing()) show(destination->text() + closing_text(session, totals));
  return written || session.status() != exit_ok ? session.status() : exit_input;
}

}  // namespace restitch::cli
