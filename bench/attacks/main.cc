// Lets a pool live through an attack, or through clean traffic of the same packet sizes, with honest
// connections in between: read from a capture file in memory, decoded and reassembled.
//
//   bench_attacks attack|clean NAME PACKETS MEMORY_MB
//
// Prints CPU nanoseconds per packet (making the packets is not counted), the peak of resident memory in
// bytes, honest connections that were complete, honest connections, and how often limits acted.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <string>

#include "attacks/memory_capture.h"
#include "attacks/traffic.h"
#include "restitch/restitch.h"

namespace restitch::bench {
namespace {

constexpr std::size_t frames_ahead = 1024;
constexpr std::uint64_t honest_every = 50;  // packets

// Counts honest connections that came through whole.
struct Census {
  std::uint64_t complete = 0;
  bool keeps = false;  // streams of attackers keep all they get
};

struct Witness {
  Census* census = nullptr;
  std::uint64_t bytes = 0;
  bool honest = false;
  bool whole = true;

  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    bytes += sg.lengths().available - sg.lengths().saved;
    whole &= sg.info().skip == 0;
    if (census->keeps && !honest) sg.keep_from(0);
  }
  bool reassembly_complete(AssemblerContext*, EndReason reason) {
    const bool all = bytes == 4 * HonestTraffic::segment_size && reason == EndReason::fin;
    if (honest && whole && all) ++census->complete;
    return true;
  }
};

struct WitnessFactory {
  Census* census;
  std::optional<Witness> create(const NetFlow& net, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return Witness{census, 0, net.source.bytes[12] == honest_net >> 24};
  }
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

class Run {
 public:
  Run(const MemoryBudget& budget, bool keeps)
      : census_{0, keeps}, pool_(factory_, pool_options(budget)), decoder_(decoder_options(budget)) {}

  void read(const std::string& path) {
    const auto reader = open_capture(path);
    if (!reader) throw std::runtime_error(reader.error().message);
    const double before = cpu_seconds();
    restitch::feed(**reader, decoder_, assembler_, fed_, [] { return true; });
    seconds_ = cpu_seconds() - before;
  }

  void print(std::uint64_t honest) {
    const LimitCounts& limits = pool_.limit_counts();
    std::printf(
        "%.1f %zu %llu %llu %llu %s\n", seconds_ * 1e9 / static_cast<double>(fed_.packets), peak_memory(),
        static_cast<unsigned long long>(census_.complete), static_cast<unsigned long long>(honest),
        static_cast<unsigned long long>(std::accumulate(limits.begin(), limits.end(), std::uint64_t{0})),
        pool_.byte_counts().add_up() ? "right" : "wrong");
  }

 private:
  static PoolOptions pool_options(const MemoryBudget& budget) {
    PoolOptions options;
    options.hash_seed = 1;
    options.limits = budget.pool;
    options.tombstones_max = budget.tombstones_max;
    options.ageing = Ageing::usual();
    return options;
  }
  static DecoderOptions decoder_options(const MemoryBudget& budget) {
    DecoderOptions options;
    options.defragmenter.bytes_max = budget.defragmenter_bytes_max;
    return options;
  }

  Census census_;
  WitnessFactory factory_{&census_};
  BasicStreamPool<Witness, WitnessFactory> pool_;
  BasicAssembler<Witness, WitnessFactory> assembler_{pool_};
  Decoder decoder_;
  FeedCounts fed_;
  double seconds_ = 0;
};

int main_of(int argc, char** argv) {
  const std::string kind = argc == 5 ? argv[1] : "";
  auto traffic = kind == "attack" ? make_attack(argv[2]) : kind == "clean" ? make_clean(argv[2]) : nullptr;
  if (!traffic) return std::fputs("usage: bench_attacks attack|clean NAME PACKETS MEMORY_MB\n", stderr), 1;
  const std::uint64_t packets = std::strtoull(argv[3], nullptr, 10);
  const MemoryBudget budget = memory_budget(std::strtoull(argv[4], nullptr, 10) << 20, sizeof(Witness));
  HonestTraffic honest;
  MemoryCapture capture;
  Frames frames;
  const auto write_out = [&] {
    for (std::size_t i = 0; i < frames.size(); ++i) capture.add(frames[i]);
    frames.clear();
  };
  for (std::uint64_t number = 0; number < packets; write_out()) {
    while (number < packets && frames.size() < frames_ahead) {
      if (number % honest_every == 0) honest.add(frames);
      traffic->add(frames, number++);
    }
  }
  for (; honest.connections() % 1000 != 0 || honest.connections() == 0; write_out()) {
    honest.add(frames);  // those that are under way
  }
  Run run(budget, kind == "attack" && std::string(argv[2]) == "kept");
  run.read(capture.finish());
  run.print(honest.connections());
  return 0;
}

}  // namespace
}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
