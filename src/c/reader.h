// Reader: what a restitch_reader does. Reads captures into streams, and hands out connections as they end.
// One thread, but for stop().
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "c/callback_stream.h"
#include "c/connection_view.h"
#include "c/input.h"
#include "c/settings.h"
#include "restitch/assembler.h"
#include "restitch/feed.h"

namespace restitch::c {

struct ReaderWishes {
  InputWishes input;
  KeepingWishes keeping;
  ReceiverTable receivers;
  ConnectionFilter where;
  bool join = true;  // what is said, in one piece
  std::uint16_t community_seed = 0;
  std::uint64_t memory_max = 0;
  std::uint32_t step_packets = 0;
};

// Errors: invalid_argument, where an expression or a name is wrong.
Result<ReaderWishes> wishes_of(const char* const* paths, std::size_t path_count,
                               const restitch_reader_options& options);

class Reader {
 public:
  explicit Reader(ReaderWishes wishes);

  Result<void> open();
  restitch_status next(const restitch_connection** connection);
  restitch_status run(const restitch_callbacks& calls);
  void stop() { stop_ = true; }
  [[nodiscard]] restitch_counts counts() const;

 private:
  // What the streams of one kind live in.
  struct Pool {
    Pool(StreamFactory& factory, const PoolOptions& options)
        : streams(factory, options), assembler(streams, AssemblerOptions()) {}

    StreamPool streams;
    Assembler assembler;
  };

  void read_some();
  void finish();
  void end_run();
  restitch_status end();

  ReaderWishes wishes_;
  Settings settings_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<Input> input_;
  Decoder decoder_;
  FeedCounts fed_;
  KeptConnections kept_;
  std::optional<CallbackFactory> called_;  // of run()
  std::optional<Pool> pool_;
  std::optional<ConnectionView> view_;
  ByteCounts bytes_;          // of pools that are gone …
  std::uint64_t opened_ = 0;  // … and of run()
  bool finished_ = false;
  bool damage_told_ = false;
};

restitch_counts counts_of(const FeedCounts& fed, const ByteCounts& bytes, std::uint64_t opened);

}  // namespace restitch::c
