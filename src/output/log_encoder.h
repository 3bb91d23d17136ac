// LogEncoder: writes the rows of one table in a format. It borrows the table for its life, and a row for the
// call. One thread.
#pragma once

#include <memory>
#include <string>

#include "output/log_row.h"
#include "restitch/output_log.h"

namespace RESTITCH_API restitch {

class LogEncoder {
 public:
  virtual ~LogEncoder() = default;

  // Appends to `out`. What is appended makes a complete file when finish() follows, whatever rows are
  // missing.
  virtual void begin(std::string& out, Timestamp now) = 0;
  virtual void add(std::string& out, const LogRow& row) = 0;
  virtual void finish(std::string& out, Timestamp now) = 0;
  // Whether each row is a line, appended at once. Else rows wait for others, and cut() is the encoder's.
  [[nodiscard]] virtual bool writes_lines() const { return true; }
  // Rows since begin(). Not counted of lines.
  [[nodiscard]] virtual std::uint64_t rows() const { return 0; }
  // The file could not be written further than `size` bytes. Answers how many of them a file that finish()
  // ends can consist of; what lay behind them, and what waits, is forgotten.
  virtual std::uint64_t cut(std::uint64_t size) { return size; }
};

// The one for a format.
std::unique_ptr<LogEncoder> make_log_encoder(LogFormat format, const LogTable& table);

std::unique_ptr<LogEncoder> make_zeek_encoder(const LogTable& table);
// With `nested`, a column "a.b" is the member b of an object a; columns of one object stand side by side.
// Cells without a value are left out.
std::unique_ptr<LogEncoder> make_json_encoder(const LogTable& table, bool nested);
std::unique_ptr<LogEncoder> make_csv_encoder(const LogTable& table);
std::unique_ptr<LogEncoder> make_parquet_encoder(const LogTable& table);

}  // namespace restitch
