// What a ConnectionLogWriter is made of.
#pragma once

#include <memory>

#include "output/connection_records.h"
#include "output/log_encoder.h"
#include "restitch/output_log.h"

namespace restitch {

struct ConnectionLogWriter::State {
  explicit State(const LogOptions& options);

  RecordOptions record_options;
  RecordKind kind;
  std::unique_ptr<LogEncoder> encoder;
  LogRow row;  // scratch
};

}  // namespace restitch
