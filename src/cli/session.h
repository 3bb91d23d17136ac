// A Session reads the inputs of one run, one after the other, into one pool, and remembers what went
// wrong. One thread.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_status.h"
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
  explicit Session(const Options& options) : options_(options), progress_(options.quiet) {}

  // Reads all inputs into streams of type S, and ends them. `go_on()` is asked now and then; false
  // stops the reading.
  template <class S, class Factory, class GoOn>
  void run(Factory& factory, GoOn&& go_on) {
    PoolOptions pool_options;
    pool_options.receiver = options_.receiver;
    pool_options.midstream_pages_max = midstream_pages_max;
    BasicStreamPool<S, Factory> pool(factory, pool_options);
    BasicAssembler<S, Factory> assembler(pool,
                                         AssemblerOptions().max_buffered_pages_total(options_.pages_max));
    for (const std::string& input : options_.inputs) {
      if (interrupted() || stopped_) break;
      const auto reader = open(input);
      if (!reader) continue;
      note_end(input, **reader, feed(**reader, decoder_, assembler, counts_, [&] {
                 progress_.update(**reader, counts_.packets);
                 stopped_ = !go_on();
                 return !stopped_ && !interrupted();
               }));
    }
    assembler.flush_all(EndReason::end_of_input);
    pool_counts_ = {pool.byte_counts(), pool.event_counts()};
  }
  template <class S, class Factory>
  void run(Factory& factory) {
    run<S>(factory, [] { return true; });
  }

  // A line on standard error, and exit status 2.
  void fail(const std::string& message);

  [[nodiscard]] const FeedCounts& counts() const { return counts_; }
  [[nodiscard]] const PoolCounts& pool_counts() const { return pool_counts_; }
  [[nodiscard]] const std::vector<std::string>& damages() const { return damages_; }
  [[nodiscard]] int status() const { return status_; }

 private:
  // A connection that was joined in the middle waits for an earlier byte until this much is there.
  static constexpr std::uint32_t midstream_pages_max = 64;

  Result<std::unique_ptr<CaptureReader>> open(const std::string& input);
  void note_end(const std::string& input, const CaptureReader& reader, const CaptureEnd& end);

  const Options& options_;
  Progress progress_;
  Decoder decoder_;  // keeps fragments from one input to the next
  FeedCounts counts_;
  PoolCounts pool_counts_;
  std::vector<std::string> damages_;  // a line for each input that was unreadable or damaged
  bool stopped_ = false;
  int status_ = exit_ok;
};

}  // namespace restitch::cli
