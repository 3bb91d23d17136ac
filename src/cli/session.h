// A Session reads all that one run reads into one pool, and remembers what went wrong. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/exit_status.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "restitch/restitch.h"

namespace restitch::cli {

// What the summary tells, taken from the pool before it goes.
struct PoolCounts {
  ByteCounts bytes;
  EventCounts events{};
};

class Session {
 public:
  explicit Session(const Options& options)
      : options_(options), progress_(options.quiet), decoder_(options.input.decoder) {}

  // Opens what is to be read. False: there is nothing to read, and fail() said why.
  bool open();

  // After opening an interface: keeps no right that is not needed any more (privileges.h). False: it could
  // not be done, and fail() said why.
  bool relinquish_privileges(const std::string& new_folder = {});

  // Reads all into streams of type S, and ends them. `go_on()` is asked now and then, also when nothing
  // comes; false stops the reading.
  // Requires: open().
  template <class S, class Factory, class GoOn>
  void run(Factory& factory, GoOn&& go_on) {
    PoolOptions pool_options;
    pool_options.receiver = options_.receiver;
    pool_options.midstream_pages_max = midstream_pages_max;
    BasicStreamPool<S, Factory> pool(factory, pool_options);
    BasicAssembler<S, Factory> assembler(pool,
                                         AssemblerOptions().max_buffered_pages_total(options_.pages_max));
    CaptureReader& reader = input_->reader();
    feed(reader, decoder_, assembler, counts_, [&] {
      progress_.update(reader, counts_.packets);
      return go_on() && wants_more();
    });
    note_ends();
    assembler.flush_all(EndReason::end_of_input);
    pool_counts_ = {pool.byte_counts(), pool.event_counts()};
  }

  // A line on standard error, and exit status 2.
  void fail(const std::string& message);

  [[nodiscard]] bool live() const { return options_.input.live(); }
  [[nodiscard]] const Input& input() const { return *input_; }
  [[nodiscard]] const Decoder& decoder() const { return decoder_; }
  [[nodiscard]] const FeedCounts& counts() const { return counts_; }
  [[nodiscard]] const PoolCounts& pool_counts() const { return pool_counts_; }
  [[nodiscard]] const std::vector<std::string>& damages() const { return damages_; }
  [[nodiscard]] int status() const { return status_; }

 private:
  // A connection that was joined in the middle waits for an earlier byte until this much is there.
  static constexpr std::uint32_t midstream_pages_max = 64;

  [[nodiscard]] bool wants_more() const;
  void note_ends();
  void note_end(const InputEnd& input);

  const Options& options_;
  Progress progress_;
  std::unique_ptr<Input> input_;
  Decoder decoder_;
  FeedCounts counts_;
  PoolCounts pool_counts_;
  std::vector<std::string> damages_;  // a line for each input that was unreadable or damaged
  int status_ = exit_ok;
};

}  // namespace restitch::cli
