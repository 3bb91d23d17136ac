// live_digests RING|LIBPCAP INTERFACE [THREADS]: captures until SIGINT and writes one JSON line for each
// stream direction, as `restitch streams --json` does; and, as its last line, what the kernel counted.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "restitch/capture_live.h"
#include "restitch/output.h"
#include "restitch/restitch.h"

namespace {

using namespace restitch;

std::atomic<bool> stop = false;
static_assert(std::atomic<bool>::is_always_lock_free);

// What one reader saw.
struct Outcome {
  std::string lines;
  CaptureInterface interface;
  CaptureEnd end;
  FeedCounts counts;
};

void run(CaptureReader& reader, Outcome& outcome) {
  ConnectionLog log(
      [&](const ConnectionSummary& summary) { append_connection_json(outcome.lines, summary); });
  SummaryFactory<DigestStream> factory(log);
  using Factory = SummaryFactory<DigestStream>;
  BasicStreamPool<DigestStream, Factory> pool(factory, PoolOptions{});
  BasicAssembler<DigestStream, Factory> assembler(pool, AssemblerOptions());
  outcome.end = feed(reader, assembler, outcome.counts, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
  outcome.interface = reader.metadata().interfaces.front();
}

Result<std::vector<std::unique_ptr<CaptureReader>>> open_all(const std::string& backend, LiveOptions options,
                                                             std::size_t threads) {
  options.backend = backend == "ring" ? LiveBackend::ring : LiveBackend::libpcap;
  if (threads > 1) return open_live_fanout(options, threads);
  auto one = open_live(options);
  if (!one) return tl::unexpected(one.error());
  std::vector<std::unique_ptr<CaptureReader>> readers;
  readers.push_back(std::move(*one));
  return readers;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 1;
  LiveOptions options;
  options.interface = argv[2];
  options.stop = &stop;
  options.filter = "tcp";
  std::signal(SIGINT, [](int) { stop = true; });
  const std::size_t threads = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 1;
  auto readers = open_all(argv[1], options, threads);
  if (!readers) {
    std::fprintf(stderr, "live_digests: %s\n", readers.error().message.c_str());
    return 2;
  }
  std::vector<Outcome> outcomes(readers->size());
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    workers.emplace_back([&, i] { run(*(*readers)[i], outcomes[i]); });
  }
  for (std::thread& worker : workers) worker.join();
  unsigned long long received = 0;
  unsigned long long dropped = 0;
  unsigned long long segments = 0;
  unsigned busy = 0;
  bool damaged = false;
  for (const Outcome& outcome : outcomes) {
    std::fputs(outcome.lines.c_str(), stdout);
    received += outcome.interface.received.value_or(0);
    dropped += outcome.interface.os_dropped.value_or(0) + outcome.interface.dropped.value_or(0);
    segments += outcome.counts.segments;
    busy += outcome.counts.segments > 0;
    damaged = damaged || outcome.end.damaged;
  }
  std::printf("{\"received\":%llu,\"dropped\":%llu,\"segments\":%llu,\"busy\":%u}\n", received, dropped,
              segments, busy);
  return damaged ? 2 : 0;
}
