// RecordSinks: has what analyzers find made into notes of a ConnectionLog, for RecordLogs. One thread: that
// of the pool.
#pragma once

#include <cstdint>
#include <memory>

#include "restitch/app/analyzed_stream.h"
#include "restitch/app/log_kind.h"
#include "restitch/output_log.h"

namespace RESTITCH_API restitch {

struct RowOptions {
  LogFormat format = LogFormat::zeek;
  LogKinds kinds = LogKinds().set();
  std::uint16_t community_seed = 0;
  // Which digests of files are made; certificates have theirs anyway.
  bool md5 = false;
  bool sha1 = false;
  bool sha256 = false;
};

class RecordSinks final : public FindingsSinks {
 public:
  explicit RecordSinks(const RowOptions& options) : options_(options) {}

  std::unique_ptr<FindingsSink> make(ConnectionLog& log, const ConnectionSummary& summary) override;

 private:
  RowOptions options_;
};

}  // namespace restitch
