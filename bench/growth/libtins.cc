// The same as growth_restitch with libtins' TCPIP::Flow. It reports no memory: the peak of the process is
// what tools/bench.py shows.
//
//   growth_libtins ORDER COUNT SIZE
#include <tins/tcp_ip/flow.h>
#include <tins/tins.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "growth/order.h"

namespace {

std::uint8_t byte_at(std::uint64_t offset) { return static_cast<std::uint8_t>(offset * 2654435761U >> 24); }

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

constexpr std::uint32_t first = 4'200'000'000;

void send(Tins::TCPIP::Flow& flow, std::uint64_t offset, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = byte_at(offset + i);
  Tins::TCP tcp(80, 1024);
  tcp.flags(Tins::TCP::ACK);
  tcp.seq(first + static_cast<std::uint32_t>(offset));
  tcp.inner_pdu(Tins::RawPDU(bytes.data(), static_cast<std::uint32_t>(size)));
  flow.process_packet(tcp);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 1;
  const auto count = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  const std::size_t size = std::strtoul(argv[3], nullptr, 10);
  std::uint64_t delivered = 0;
  bool right = true;
  Tins::TCPIP::Flow flow(Tins::IPv4Address("10.0.0.2"), 80, first);
  flow.data_callback([&](Tins::TCPIP::Flow& ready) {
    for (const std::uint8_t byte : ready.payload()) right &= byte == byte_at(delivered++);
    ready.payload().clear();
  });
  const auto order = restitch::bench::arrival_order(argv[1], count);
  const double before = cpu_seconds();
  for (const std::uint32_t number : order) send(flow, 1 + std::uint64_t{number} * size, size);
  send(flow, 0, 1);
  const double seconds = cpu_seconds() - before;
  right &= delivered == 1 + std::uint64_t{count} * size;
  std::printf("%.6f 0 %llu %s\n", seconds, static_cast<unsigned long long>(delivered),
              right ? "right" : "wrong");
  return right ? 0 : 3;
}
