// LogFile: one log in a folder, as a file or as several that follow each other. Whoever writes rows appends
// the text of each to what waits. Borrows the folder and the encoder, which outlive it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "output/log_encoder.h"
#include "restitch/output_folder.h"
#include "restitch/output_log.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

class LogFile {
 public:
  // `name`: "conn.log". `encoder` begins and ends each file; other ones may append rows where they are lines.
  LogFile(const OutputFolder& folder, std::string_view name, const LogFileOptions& options,
          LogEncoder& encoder);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  // Makes the file before there is a row, unless it is rotated. False: see error().
  bool make();
  // What the row is to be appended to; nullptr: there is no file, see error(). end_row() follows.
  std::string* begin_row(Timestamp time);
  void end_row();

  // As those of ConnectionLogFiles.
  void flush();
  void reopen();
  void finish();
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] std::uint64_t files() const { return files_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  [[nodiscard]] bool rotates() const { return options_.rotation_ns != 0 || options_.rotation_size != 0; }
  bool begin(Timestamp first);
  void end();
  [[nodiscard]] bool is_due(Timestamp time) const;
  void write_out();
  void forget_waiting(std::size_t written);
  void give_up(std::size_t written, int error);
  void fail(int error);

  const OutputFolder& folder_;
  std::string plain_name_;
  LogFileOptions options_;
  LogEncoder& encoder_;
  std::string name_;  // of the file at hand
  int file_ = -1;
  std::uint64_t size_ = 0;             // of the file, so far
  std::int64_t interval_ = 0;          // its number
  std::string waiting_;                // to be written
  std::size_t head_size_ = 0;          // of what stands before the first row, if that waits too
  std::vector<std::size_t> row_ends_;  // in what waits
  std::uint64_t files_ = 0;
  std::uint64_t rows_ = 0;
  std::optional<Error> error_;
};

}  // namespace restitch
