// Holds many segments behind one missing byte, then gives it the byte.
//
//   growth_restitch ORDER COUNT SIZE       ORDER: forward reverse random even-odd
//
// Prints CPU seconds, memory_size() with all held, delivered bytes, and whether they are the right ones.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "growth/order.h"
#include "restitch/restitch.h"

namespace restitch::bench {

namespace {

// What the sender says at an offset.
std::uint8_t byte_at(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 2654435761U >> 24); }

struct Checker {
  std::uint64_t* bytes;
  bool* right;

  bool accept(const TcpSegment&, const CaptureInfo&, TcpFlowDirection, std::optional<Sequence>, bool&,
              AssemblerContext&) {
    return true;
  }
  void reassembled_sg(ScatterGather& sg, AssemblerContext&) {
    for (const ScatterGather::Chunk& chunk : sg.chunks()) {
      for (const std::uint8_t byte : chunk.bytes) *right &= byte == byte_at((*bytes)++);
    }
  }
  bool reassembly_complete(AssemblerContext*, EndReason) { return true; }
};

struct CheckerFactory {
  std::uint64_t bytes = 0;
  bool right = true;
  std::optional<Checker> create(const NetFlow&, TransportFlow, const TcpSegment&, AssemblerContext&) {
    return Checker{&bytes, &right};
  }
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class Sender {
 public:
  explicit Sender(std::size_t size) : size_(size) {
    net_.source = IpAddress::from_bytes(std::array<std::uint8_t, 4>{10, 0, 0, 1});
    net_.destination = IpAddress::from_bytes(std::array<std::uint8_t, 4>{10, 0, 0, 2});
    tcp_.source_port = 1024;
    tcp_.destination_port = 80;
  }

  template <class Assembler>
  void send(Assembler& assembler, std::uint64_t offset, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_[i] = byte_at(offset + i);
    tcp_.flags = TcpFlags{} | TcpFlag::ack;
    send_segment(assembler, first_.add(static_cast<std::int64_t>(offset)), Bytes(bytes_).first(size));
  }

  template <class Assembler>
  void send_syn(Assembler& assembler) {
    tcp_.flags = TcpFlags{} | TcpFlag::syn;
    send_segment(assembler, first_.add(-1), {});
  }

 private:
  template <class Assembler>
  void send_segment(Assembler& assembler, Sequence sequence, Bytes payload) {
    tcp_.sequence = sequence;
    tcp_.payload = payload;
    CaptureInfo info;
    info.packet_number = ++packets_;
    info.timestamp.ns = static_cast<std::int64_t>(packets_) * 1000;
    AssemblerContext context(info);
    assembler.assemble_with_context(net_, tcp_, context);
  }

  const Sequence first_{4'200'000'000};
  NetFlow net_;
  TcpSegment tcp_;
  std::uint64_t packets_ = 0;
  std::size_t size_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(std::max<std::size_t>(size_, 1));
};

// What one round took; all of its memory is given back.
struct Round {
  double seconds = 0;
  std::size_t memory = 0;
  std::uint64_t bytes = 0;
  bool right = false;
};

Round hold_and_deliver(const std::vector<std::uint32_t>& order, std::size_t size) {
  CheckerFactory factory;
  PoolOptions options;
  options.hash_seed = 1;
  options.limits.connection_bytes_max = options.limits.total_bytes_max = PoolLimits::unlimited;
  BasicStreamPool<Checker, CheckerFactory> pool(factory, options);
  BasicAssembler<Checker, CheckerFactory> assembler(pool);
  Sender sender(size);
  const double before = cpu_seconds();
  sender.send_syn(assembler);
  for (const std::uint32_t number : order) sender.send(assembler, 1 + std::uint64_t{number} * size, size);
  const std::size_t memory = pool.size().memory_size;
  const bool held = pool.size().held_segments > 0;
  sender.send(assembler, 0, 1);
  assembler.flush_all();
  const double seconds = cpu_seconds() - before;
  const bool right = held && factory.right && factory.bytes == 1 + std::uint64_t{order.size()} * size;
  return {seconds, memory, factory.bytes, right};
}

// Small counts are repeated until as many segments were held in all as at the largest one.
int run(const std::vector<std::uint32_t>& order, std::size_t size) {
  const std::size_t rounds = rounds_for(order.size());
  Round sum = hold_and_deliver(order, size);
  for (std::size_t i = 1; i < rounds; ++i) {
    const Round round = hold_and_deliver(order, size);
    sum.seconds += round.seconds;
    sum.right = sum.right && round.right;
  }
  std::printf("%.6f %zu %llu %s\n", sum.seconds / static_cast<double>(rounds), sum.memory,
              static_cast<unsigned long long>(sum.bytes), sum.right ? "right" : "wrong");
  return sum.right ? 0 : 3;
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: growth_restitch ORDER COUNT SIZE\n", stderr), 1;
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const auto order = restitch::bench::arrival_order(argv[1], count);
  if (order.empty()) return std::fputs("no such order\n", stderr), 1;
  return restitch::bench::run(order, std::strtoul(argv[3], nullptr, 10));
}
