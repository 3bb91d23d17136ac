// BatchSetup: how the files of a batch are read and reassembled, as `restitch streams --json` would. Values.
#pragma once

#include <cstdint>
#include <string>

#include "batch/manifest.h"
#include "restitch/capture_inputs.h"
#include "restitch/defragmenter.h"
#include "restitch/options.h"
#include "restitch/output_connections.h"

namespace RESTITCH_API restitch {
namespace batch {

struct BatchSetup {
  Manifest manifest;
  std::uint64_t manifest_digest = 0;
  std::string filter;  // of packets; empty: all pass
  InputOptions reading;
  DecoderOptions decoder;
  PoolOptions pool;
  AssemblerOptions assembler;
  LogLimits log;
  bool list_events = false;
  bool with_empty = false;
  std::uint16_t community_seed = 0;

  // Of a file's own clock at its first packet, if time passed up to there as it does in most captures: then
  // seconds begin at the same moments as in one run over all files.
  [[nodiscard]] Elapsed elapsed_at(std::size_t file) const {
    const auto tick_of = [](Timestamp time) { return Elapsed::of_ns(time.ns).ticks; };
    std::size_t begin = 0;  // the first one with a time
    while (begin < file && manifest.files[begin].first.ns == 0) ++begin;
    const std::int64_t ticks = tick_of(manifest.files[file].first) - tick_of(manifest.files[begin].first);
    return {ticks > 0 ? ticks : 0};
  }
};

}  // namespace batch
}  // namespace restitch
