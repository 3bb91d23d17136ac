// Throughput of several threads: wall and CPU seconds of one walk over a capture.
//
//   bench_engine engine THREADS CAPTURE    the Engine, with a stream that counts
//   bench_engine whole THREADS CAPTURE     instead of it: each thread reads and decodes the whole capture,
//                                          and keeps the connections that fall to it in a pool of its own
//   bench_engine feed 1 CAPTURE            feed(), for comparison
//
// Prints wall seconds, CPU seconds, and what was delivered.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "limits/counting_stream.h"
#include "limits/tally.h"

namespace restitch::bench {

namespace {

constexpr int pages_max = 64;
constexpr unsigned shards = 8;

using Clock = std::chrono::steady_clock;
using Factory = CountingFactory;

PoolOptions pool_options() {
  PoolOptions options;
  options.hash_seed = 1;
  return options;
}

AssemblerOptions assembler_options() {
  return AssemblerOptions().max_buffered_pages_per_connection(pages_max);
}

std::unique_ptr<CaptureReader> open_or_exit(const std::string& path) {
  auto reader = open_capture(path);
  if (reader) return std::move(*reader);
  std::fprintf(stderr, "%s\n", reader.error().message.c_str());
  std::exit(2);
}

// Of several tallies that threads wrote at the same time; apart, so that they share no cache line.
struct alignas(128) OwnTally : Tally {};

Tally sum_of(const std::vector<OwnTally>& tallies, std::uint64_t packets) {
  Tally sum;
  for (const Tally& tally : tallies) sum.bytes += tally.bytes;
  sum.packets = packets;
  return sum;
}

Tally run_engine(unsigned threads, const std::string& path) {
  std::vector<OwnTally> tallies(shards);
  EngineListener nobody;
  EngineOptions options{.threads = threads, .shards = shards};
  options.pool = pool_options();
  options.assembler = assembler_options();
  Engine<CountingStream, Factory> engine(options, nobody, [&](unsigned shard) {
    return std::make_unique<Factory>(Factory{&tallies[shard], false});
  });
  const auto reader = open_or_exit(path);
  Decoder decoder;
  FeedCounts counts;
  engine.feed(*reader, decoder, counts);
  engine.flush_all(EndReason::end_of_input);
  return sum_of(tallies, counts.packets);
}

// Passes on what falls to one of several threads.
struct Keeping {
  BasicAssembler<CountingStream, Factory>& assembler;
  unsigned mine;
  unsigned threads;
  std::vector<AssemblerPacket> kept;

  void assemble(std::span<const AssemblerPacket> packets) {
    kept.clear();
    for (const AssemblerPacket& packet : packets) {
      const DecodedPacket& decoded = packet.decoded;
      if (detail::shard_of(decoded.net, decoded.tcp.transport(), threads) == mine) kept.push_back(packet);
    }
    assembler.assemble(kept);
  }
};

Tally run_whole(unsigned threads, const std::string& path) {
  std::vector<OwnTally> tallies(threads);
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      Factory factory{&tallies[i], false};
      BasicStreamPool<CountingStream, Factory> pool(factory, pool_options());
      BasicAssembler<CountingStream, Factory> assembler(pool, assembler_options());
      Keeping keeping{assembler, i, threads, {}};
      const auto reader = open_or_exit(path);
      FeedCounts counts;
      restitch::feed(*reader, keeping, counts, [] { return true; });
      assembler.flush_all(EndReason::end_of_input);
      tallies[i].packets = counts.packets;
    });
  }
  workers.clear();
  return sum_of(tallies, tallies[0].packets);
}

Tally run_feed(const std::string& path) {
  Tally tally;
  Factory factory{&tally, false};
  BasicStreamPool<CountingStream, Factory> pool(factory, pool_options());
  BasicAssembler<CountingStream, Factory> assembler(pool, assembler_options());
  const auto reader = open_or_exit(path);
  FeedCounts counts;
  feed(*reader, assembler, counts, [] { return true; });
  assembler.flush_all(EndReason::end_of_input);
  tally.packets = counts.packets;
  return tally;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int main_of(int argc, char** argv) {
  const std::string mode = argc == 4 ? argv[1] : "";
  const int threads = argc == 4 ? std::atoi(argv[2]) : 0;
  if (threads < 1) return std::fputs("usage: bench_engine engine|whole|feed THREADS CAPTURE\n", stderr), 1;
  const auto begin = Clock::now();
  Tally tally;
  if (mode == "engine") tally = run_engine(static_cast<unsigned>(threads), argv[3]);
  if (mode == "whole") tally = run_whole(static_cast<unsigned>(threads), argv[3]);
  if (mode == "feed") tally = run_feed(argv[3]);
  const double wall = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("%.4f %.4f %llu %llu\n", wall, cpu_seconds(), static_cast<unsigned long long>(tally.packets),
              static_cast<unsigned long long>(tally.bytes));
  return 0;
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
