// A pool at full size: what a connection costs, how long the longest batch takes, and what stays resident
// when a spike is over.
//
//   bench_scale open CONNECTIONS      opens them, lets each send, and lets all grow old and end
//   bench_scale spike CONNECTIONS     a thousand stay, the others come and go
//   bench_scale held MEGABYTES        bytes that wait behind holes, then are given up
//
// Prints lines of "name value". Sizes are of resident memory, as the system accounts it.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "restitch/detail/block.h"
#include "restitch/detail/block_source.h"
#include "restitch/restitch.h"

namespace restitch::bench {
namespace {

struct Counter {
  std::uint64_t* bytes;

  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) { *bytes += sg.lengths().available; }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
};

struct CounterFactory {
  std::uint64_t bytes = 0;
  std::optional<Counter> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return Counter{&bytes};
  }
};

std::size_t resident() {
  std::size_t total = 0;
  std::size_t pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &total, &pages) != 2) std::abort();
  std::fclose(file);
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// What the system takes for the first touch of a huge page, at most: a batch that opens one takes that too.
double longest_first_touch() {
  constexpr std::size_t size = detail::BlockSource::huge_size;
  std::array<void*, 256> regions{};
  double longest = 0;
  for (void*& region : regions) {
    region = detail::allocate_aligned_block(size);
    if (region == nullptr) break;
    const double before = thread_seconds();
    *static_cast<volatile char*>(region) = 1;
    longest = std::max(longest, thread_seconds() - before);
  }
  for (void* region : regions) {
    if (region != nullptr) detail::release_block(region, size);
  }
  return longest;
}

void print(const char* name, double value) { std::printf("%-44s %.1f\n", name, value); }

// Hands packets over in batches of 64, and remembers which batch took longest.
class Feed {
 public:
  explicit Feed(const PoolOptions& options) : pool_(factory_, options), payload_(1400, 'x') {}

  void send(std::uint32_t connection, TcpFlags flags, std::uint32_t sequence, std::size_t size,
            bool from_server = false) {
    DecodedPacket& packet = batch_[count_].decoded;
    packet = {};
    packet.net.source.version = packet.net.destination.version = 4;
    for (unsigned i = 0; i < 3; ++i) {
      packet.net.source.bytes[13 + i] = static_cast<std::uint8_t>((connection >> 8) >> (16 - 8 * i));
    }
    packet.net.destination.bytes[12] = 9;
    packet.tcp.source_port = static_cast<std::uint16_t>(1024 + (connection & 0xFF));
    packet.tcp.destination_port = 80;
    if (from_server) {
      std::swap(packet.net.source, packet.net.destination);
      std::swap(packet.tcp.source_port, packet.tcp.destination_port);
    }
    packet.tcp.flags = flags;
    packet.tcp.sequence = Sequence(sequence);
    packet.tcp.payload = Bytes(payload_).first(size);
    now_ns += step_ns;
    contexts_[count_] = AssemblerContext(CaptureInfo{.timestamp = {now_ns}, .packet_number = ++packets_});
    batch_[count_].context = &contexts_[count_];
    if (++count_ == batch_.size()) flush();
  }

  void flush() {
    const double before = thread_seconds();
    assembler_.assemble(std::span(batch_).first(count_));
    const double took = thread_seconds() - before;
    if (took > longest_batch) longest_batch = took;
    seconds += took;
    count_ = 0;
  }

  BasicAssembler<Counter, CounterFactory>& assembler() { return assembler_; }
  [[nodiscard]] PoolSize size() const { return pool_.size(); }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

  std::int64_t now_ns = 1'700'000'000'000'000'000;
  std::int64_t step_ns = 1000;
  double longest_batch = 0;
  double seconds = 0;

 private:
  CounterFactory factory_;
  BasicStreamPool<Counter, CounterFactory> pool_;
  BasicAssembler<Counter, CounterFactory> assembler_{pool_};
  std::vector<std::uint8_t> payload_;
  std::array<AssemblerPacket, 64> batch_;
  std::array<AssemblerContext, 64> contexts_;
  std::size_t count_ = 0;
  std::uint64_t packets_ = 0;
};

constexpr TcpFlags syn = TcpFlags{} | TcpFlag::syn;
constexpr TcpFlags ack = TcpFlags{} | TcpFlag::ack;

PoolOptions unlimited() {
  PoolOptions options;
  options.hash_seed = 1;
  options.limits.connections_max = 20'000'000;
  options.limits.connection_bytes_max = options.limits.total_bytes_max = PoolLimits::unlimited;
  return options;
}

void open_connection(Feed& feed, std::uint32_t connection) {
  feed.send(connection, syn, 100, 0);
  feed.send(connection, syn | TcpFlag::ack, 500, 0, true);
  feed.send(connection, ack, 101, 100);
}

void open(std::uint32_t connections) {
  PoolOptions options = unlimited();
  options.ageing = Ageing::usual();
  Feed feed(options);
  const std::size_t before = resident();
  for (std::uint32_t i = 0; i < connections; ++i) open_connection(feed, i);
  feed.flush();
  print("open connections", static_cast<double>(feed.size().connections));
  print("resident, MB", static_cast<double>(resident()) / 1e6);
  print("resident a connection, bytes", static_cast<double>(resident() - before) / connections);
  print("memory_size() a connection, bytes", static_cast<double>(feed.size().memory_size) / connections);
  print("opening: ns a packet", feed.seconds * 1e9 / static_cast<double>(feed.packets()));
  print("opening: longest batch of 64, us", feed.longest_batch * 1e6);
  print("first touch of a huge page, longest, us", longest_first_touch() * 1e6);
  // Ageing: one connection goes on talking, the hand goes round, and finds nothing that is due.
  feed.longest_batch = 0;
  feed.seconds = 0;
  std::uint32_t sequence = 201;
  feed.step_ns = 1'000'000;
  for (int i = 0; i < 1'000'000; ++i, sequence += 100) feed.send(0, ack, sequence, 100);
  print("hand goes round: ns a packet", feed.seconds * 1e3);
  print("hand goes round: longest batch of 64, us", feed.longest_batch * 1e6);
  // And then everybody is.
  feed.longest_batch = 0;
  feed.step_ns = 20'000'000'000;
  std::uint64_t packets = 0;
  for (; feed.size().connections > 1; ++packets, sequence += 100) feed.send(0, ack, sequence, 100);
  print("all end: packets meanwhile", static_cast<double>(packets));
  print("all end: longest batch of 64, us", feed.longest_batch * 1e6);
  print("resident at the end, MB", static_cast<double>(resident()) / 1e6);
}

void spike(std::uint32_t connections) {
  PoolOptions options = unlimited();
  options.ageing = Ageing::usual();
  Feed feed(options);
  for (std::uint32_t i = 0; i < 1000; ++i) open_connection(feed, i);
  feed.flush();
  const std::size_t before = resident();
  for (std::uint32_t i = 1000; i < connections; ++i) open_connection(feed, i);
  feed.flush();
  const std::size_t at_spike = resident();
  for (std::uint32_t i = 1000; i < connections; ++i) feed.send(i, ack | TcpFlag::rst, 201, 0);
  feed.flush();
  print("before, MB", static_cast<double>(before) / 1e6);
  print("at the spike, MB", static_cast<double>(at_spike) / 1e6);
  print("tombstones", static_cast<double>(feed.size().tombstones));
  print("after, MB", static_cast<double>(resident()) / 1e6);
  std::uint32_t sequence = 201;
  feed.step_ns = 20'000'000;
  for (int i = 0; i < 20'000; ++i, sequence += 100) feed.send(0, ack, sequence, 100);
  feed.flush();
  print("tombstones when their time is over", static_cast<double>(feed.size().tombstones));
  print("connections", static_cast<double>(feed.size().connections));
  print("after that, MB", static_cast<double>(resident()) / 1e6);
}

void held(std::uint32_t megabytes) {
  Feed feed(unlimited());
  for (std::uint32_t i = 0; i < 1000; ++i) open_connection(feed, i);
  feed.flush();
  const std::size_t before = resident();
  const std::uint32_t each = megabytes * 1000 / 1400;  // segments of each connection
  for (std::uint32_t n = 0; n < each; ++n) {
    for (std::uint32_t i = 0; i < 1000; ++i) feed.send(i, ack, 300 + n * 2000, 1400);
  }
  feed.flush();
  print("held segments", static_cast<double>(feed.size().held_segments));
  print("before, MB", static_cast<double>(before) / 1e6);
  print("at the spike, MB", static_cast<double>(resident()) / 1e6);
  feed.assembler().flush_with_options({.t = {feed.now_ns + 1}});
  print("after, MB", static_cast<double>(resident()) / 1e6);
}

int main_of(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  const auto number = static_cast<std::uint32_t>(argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0);
  if (mode == "open") return open(number), 0;
  if (mode == "spike") return spike(number), 0;
  if (mode == "held") return held(number), 0;
  return std::fputs("usage: bench_scale open|spike|held NUMBER\n", stderr), 1;
}

}  // namespace
}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
