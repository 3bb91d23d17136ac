// RowNote: a row of a log, on its way from the shard that found it to RecordLogs. A value.
#pragma once

#include <utility>

#include "output/log_row.h"
#include "restitch/app/log_kind.h"
#include "restitch/output_connections.h"

namespace restitch {

class RowNote final : public ConnectionNote {
 public:
  RowNote(LogKind kind, Timestamp time, LogRow row) : kind_(kind), time_(time), row_(std::move(row)) {}

  [[nodiscard]] LogKind kind() const { return kind_; }
  [[nodiscard]] Timestamp time() const { return time_; }
  [[nodiscard]] LogRow& row() { return row_; }

 private:
  LogKind kind_;
  Timestamp time_;
  LogRow row_;
};

}  // namespace restitch
