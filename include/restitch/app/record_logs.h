// RecordLogs: the logs of connections and of what was said in them, as files in a folder or as one text. It
// is given summaries and notes by ConnectionLogs, in their order. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "restitch/app/log_kind.h"
#include "restitch/output_log.h"

namespace RESTITCH_API restitch {

struct RecordLogOptions {
  LogFileOptions files;
  LogKinds kinds = LogKinds().set();
};

// Whether rows of several kinds can stand in one text.
bool can_mix_rows(LogFormat format);

class RecordLogs {
 public:
  // Into a folder: conn.log, http.log, …; eve.json has all. A file is made with its first row; that of
  // connections at once. Errors: io.
  static Result<std::unique_ptr<RecordLogs>> open(OutputFolder folder, const RecordLogOptions& options);
  // As text: of all kinds together in the formats of JSON, else of one kind: connections, if it is not the
  // only one.
  explicit RecordLogs(const RecordLogOptions& options);
  RecordLogs(const RecordLogs&) = delete;
  RecordLogs& operator=(const RecordLogs&) = delete;
  ~RecordLogs();

  // Requires: summary.trace.
  void add(const ConnectionSummary& summary);
  // Requires: a note of RecordSinks that had the same format.
  void add(const ConnectionSummary& summary, ConnectionNote& note);

  // Of a folder: writes out what waits; completes the files and begins others under their names; completes
  // them.
  void flush();
  void reopen();
  void finish();
  // Of text: what is to be written next.
  std::string take_text();
  std::string take_end();

  // As those of ConnectionLogFiles.
  [[nodiscard]] const std::optional<Error>& error() const;
  [[nodiscard]] std::uint64_t files() const;
  [[nodiscard]] std::uint64_t rows() const;

 private:
  struct State;
  explicit RecordLogs(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace restitch
