#include "restitch/app/record_logs.h"

#include <array>
#include <utility>

#include "app/record_rows.h"
#include "app/row_note.h"
#include "base/wall_clock.h"
#include "output/connection_records.h"
#include "output/log_encoder.h"
#include "output/log_file.h"

namespace restitch {
namespace {

// "http.log", "tls.json", …, as log_file_name() calls that of connections.
std::string file_name(LogKind kind, LogFormat format, const LogTable& table) {
  const std::string_view connections = log_file_name(format);
  if (format == LogFormat::eve) return std::string(connections);
  const std::string_view name = family_of(format) == LogFamily::zeek ? table.name : to_string(kind);
  return std::string(name).append(connections.substr(connections.find('.')));
}

}  // namespace

bool can_mix_rows(LogFormat format) {
  return format == LogFormat::json || format == LogFormat::zeek_json || format == LogFormat::eve;
}

struct RecordLogs::State {
  struct Log {
    const LogTable* table = nullptr;
    std::unique_ptr<LogEncoder> encoder;
    LogFile* file = nullptr;
  };

  explicit State(const RecordLogOptions& given)
      : options(given),
        family(family_of(given.files.log.format)),
        connections(connections_of(given.files.log.format)) {
    for (std::size_t i = 0; i < log_kind_count; ++i) {
      const auto kind = static_cast<LogKind>(i);
      logs[i].table = kind == LogKind::conn ? &connections.table : &table_of(kind, family);
      logs[i].encoder = make_log_encoder(options.files.log.format, *logs[i].table);
    }
  }

  [[nodiscard]] bool wants(LogKind kind) const { return options.kinds[static_cast<std::size_t>(kind)]; }
  Log& log(LogKind kind) { return logs[static_cast<std::size_t>(kind)]; }

  // The file of a kind, which is made with its first row; that of EVE is everybody's.
  LogFile& file_of(LogKind kind) {
    Log& of = log(kind);
    if (of.file != nullptr) return *of.file;
    if (options.files.log.format == LogFormat::eve && !files.empty()) return *(of.file = files.front().get());
    files.push_back(std::make_unique<LogFile>(*folder, file_name(kind, options.files.log.format, *of.table),
                                              options.files, *of.encoder));
    of.file = files.back().get();
    return *of.file;
  }

  void add(LogKind kind, Timestamp time, const LogRow& row) {
    if (!wants(kind) || error) return;
    ++rows;
    if (!folder) return log(kind).encoder->add(text, row);
    LogFile& file = file_of(kind);
    if (std::string* const out = file.begin_row(time)) {
      log(kind).encoder->add(*out, row);
      file.end_row();
    }
    note_error(file);
  }

  void note_error(const LogFile& file) {
    if (!error && file.error()) error = file.error();
  }

  template <class Step>
  void each_file(Step&& step) {
    for (const auto& file : files) {
      step(*file);
      note_error(*file);
    }
  }

  // The only kind there is, of a text that cannot have several.
  [[nodiscard]] LogKind only_kind() const {
    for (std::size_t i = 0; i < log_kind_count; ++i) {
      if (options.kinds.count() == 1 && options.kinds[i]) return static_cast<LogKind>(i);
    }
    return LogKind::conn;
  }

  RecordLogOptions options;
  LogFamily family;
  RecordKind connections;
  std::optional<OutputFolder> folder;  // else text
  std::array<Log, log_kind_count> logs;
  std::vector<std::unique_ptr<LogFile>> files;
  std::string text;
  std::uint64_t rows = 0;
  std::optional<Error> error;
  LogRow scratch;
};

RecordLogs::RecordLogs(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<RecordLogs>> RecordLogs::open(OutputFolder folder, const RecordLogOptions& options) {
  auto state = std::make_unique<State>(options);
  state->folder = std::move(folder);
  // What cannot be written is said before anything is read.
  for (std::size_t i = 0; i < log_kind_count; ++i) {
    const auto kind = static_cast<LogKind>(i);
    if (!state->wants(kind)) continue;
    if (!state->file_of(kind).make()) return tl::unexpected(*state->file_of(kind).error());
    break;
  }
  return std::unique_ptr<RecordLogs>(new RecordLogs(std::move(state)));
}

RecordLogs::RecordLogs(const RecordLogOptions& options) : state_(std::make_unique<State>(options)) {
  if (!can_mix_rows(options.files.log.format)) {
    const LogKind kind = state_->only_kind();
    state_->options.kinds = LogKinds().set(static_cast<std::size_t>(kind));
    state_->log(kind).encoder->begin(state_->text, wall_clock());
  }
}

RecordLogs::~RecordLogs() = default;

void RecordLogs::add(const ConnectionSummary& summary) {
  if (!state_->wants(LogKind::conn)) return;
  const RecordOptions options{.community_seed = state_->options.files.log.community_seed};
  const std::size_t rows = state_->connections.rows(summary);
  for (std::size_t which = 0; which < rows; ++which) {
    state_->connections.fill(state_->scratch, summary, which, options);
    state_->add(LogKind::conn, summary.last_seen(), state_->scratch);
  }
}

void RecordLogs::add(const ConnectionSummary& summary, ConnectionNote& note) {
  auto& found = static_cast<RowNote&>(note);
  // The second column is the number of the connection, which the shard did not know.
  if (state_->family == LogFamily::plain) found.row()[1] = summary.number;
  state_->add(found.kind(), found.time(), found.row());
}

void RecordLogs::flush() {
  state_->each_file([](LogFile& file) { file.flush(); });
}
void RecordLogs::reopen() {
  state_->each_file([](LogFile& file) { file.reopen(); });
}
void RecordLogs::finish() {
  state_->each_file([](LogFile& file) { file.finish(); });
}

std::string RecordLogs::take_text() { return std::exchange(state_->text, {}); }

std::string RecordLogs::take_end() {
  if (!can_mix_rows(state_->options.files.log.format)) {
    state_->log(state_->only_kind()).encoder->finish(state_->text, wall_clock());
  }
  return take_text();
}

const std::optional<Error>& RecordLogs::error() const { return state_->error; }

std::uint64_t RecordLogs::files() const {
  std::uint64_t count = 0;
  for (const auto& file : state_->files) count += file->files();
  return count;
}

std::uint64_t RecordLogs::rows() const {
  if (!state_->folder) return state_->rows;
  std::uint64_t count = 0;
  for (const auto& file : state_->files) count += file->rows();
  return count;
}

}  // namespace restitch
