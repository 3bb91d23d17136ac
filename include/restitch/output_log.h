// Logs of connections, a record for each, in the formats that other tools read: ConnectionLogWriter makes the
// bytes, ConnectionLogFiles puts them into a folder. Both want summaries with a trace (output_trace.h). One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/output_connections.h"
#include "restitch/output_folder.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

enum class LogFormat : std::uint8_t {
  zeek,       // conn.log as Zeek writes it: tab-separated values
  zeek_json,  // the same as JSON Lines
  eve,        // events of Suricata: event_type flow
  json,       // JSON Lines, with the columns of csv; the unset ones are left out
  csv,        // RFC 4180, with a header
  parquet,    // the same columns, in row groups of 131,072 (less where rows are very long)
};

struct LogOptions {
  LogFormat format = LogFormat::zeek;
  std::uint16_t community_seed = 0;
};

class ConnectionLogWriter {
 public:
  explicit ConnectionLogWriter(const LogOptions& options);
  ConnectionLogWriter(const ConnectionLogWriter&) = delete;
  ConnectionLogWriter& operator=(const ConnectionLogWriter&) = delete;
  ~ConnectionLogWriter();

  // Each appends to `out` what is to be written next. `now`: what the file says of when it was written.
  void begin(std::string& out, Timestamp now);
  // Parquet appends nothing until a row group is full.
  // Requires: summary.trace.
  void add(std::string& out, const ConnectionSummary& summary);
  // Makes a complete file of what was appended since begin(). begin() may follow.
  void finish(std::string& out, Timestamp now);

 private:
  friend class ConnectionLogFiles;
  struct State;

  std::unique_ptr<State> state_;
};

struct LogFileOptions {
  LogOptions log;
  // When to begin another file: once so much time of the capture has passed, by the clock (an hour: at full
  // hours), or once so many bytes are written; 0: never. Files are called conn.2026-11-30-08-00-00.log then,
  // after the first connection in each.
  std::int64_t rotation_ns = 0;
  std::uint64_t rotation_size = 0;
};

// conn.log, eve.json, conn.csv or what the format asks for in a folder. What is there already is neither
// overwritten nor added to. A Parquet file is called conn.parquet.part until it is complete.
class ConnectionLogFiles {
 public:
  // Fails, having written nothing, if the file cannot be made or is there.
  static Result<std::unique_ptr<ConnectionLogFiles>> open(OutputFolder folder, const LogFileOptions& options);
  ConnectionLogFiles(OutputFolder folder, const LogFileOptions& options);
  ConnectionLogFiles(const ConnectionLogFiles&) = delete;
  ConnectionLogFiles& operator=(const ConnectionLogFiles&) = delete;
  ~ConnectionLogFiles();

  // Requires: summary.trace.
  void add(const ConnectionSummary& summary);
  // Writes out what waits, so that it is there even if this process is killed (not of Parquet).
  void flush();
  // Completes the file and begins another one under its name: somebody moved it away (logrotate).
  void reopen();
  // Completes the last file; nothing may follow.
  void finish();

  // The first thing that went wrong, such as a full disk; from then on nothing is written. The file is left
  // complete, with the rows that had room.
  [[nodiscard]] const std::optional<Error>& error() const;
  [[nodiscard]] std::uint64_t files() const;
  // In all files.
  [[nodiscard]] std::uint64_t rows() const;

 private:
  struct State;

  std::unique_ptr<State> state_;
};

// "conn.log", "eve.json", …: what the file is called that is not rotated.
std::string_view log_file_name(LogFormat format);

}  // namespace restitch
