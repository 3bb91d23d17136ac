// The same accesses to memory as in growth_restitch, and nothing else: what the machine itself makes of N.
//
//   growth_map ORDER COUNT SIZE       into a std::map by number, then out of it in order
//   growth_array ORDER COUNT SIZE     a binary search for each number among N of 16 bytes, then the records,
//                                     which lie in the order of arrival, in order of their numbers
//
// Prints as growth_restitch does.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "growth/order.h"

namespace restitch::bench {
namespace {

struct Record {
  std::uint32_t number = 0;
  std::uint8_t bytes[100] = {};
  std::uint64_t info[5] = {};
};

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// What the sender says, as far as a sum shows it.
void fill(Record& record, std::uint32_t number, std::size_t size) {
  record.number = number;
  std::memset(record.bytes, static_cast<int>(number & 0xFF), size);
}

std::uint64_t sum_of(const Record& record, std::size_t size) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += record.bytes[i];
  return sum;
}

std::uint64_t walk_map(const std::vector<std::uint32_t>& order, std::size_t size) {
  std::map<std::uint32_t, Record> map;
  for (const std::uint32_t number : order) fill(map[number], number, size);
  std::uint64_t sum = 0;
  while (!map.empty()) {
    sum += sum_of(map.begin()->second, size);
    map.erase(map.begin());
  }
  return sum;
}

std::uint64_t walk_array(const std::vector<std::uint32_t>& order, std::size_t size) {
  struct Node {
    std::uint32_t number;
    std::uint32_t record;
    std::uint32_t links[2];
  };
  std::vector<Node> nodes(order.size());
  for (std::uint32_t i = 0; i < nodes.size(); ++i) nodes[i].number = i;
  std::vector<Record> records(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    fill(records[i], order[i], size);
    const auto at =
        std::lower_bound(nodes.begin(), nodes.end(), order[i],
                         [](const Node& node, std::uint32_t number) { return node.number < number; });
    at->record = i;
  }
  std::uint64_t sum = 0;
  for (const Node& node : nodes) sum += sum_of(records[node.record], size);
  return sum;
}

int run(bool map, const std::vector<std::uint32_t>& order, std::size_t size) {
  std::uint64_t expected = 0;
  for (std::uint32_t i = 0; i < order.size(); ++i) expected += (i & 0xFF) * size;
  const std::size_t rounds = rounds_for(order.size());
  bool right = true;
  const double before = cpu_seconds();
  for (std::size_t i = 0; i < rounds; ++i) {
    right &= (map ? walk_map(order, size) : walk_array(order, size)) == expected;
  }
  const double seconds = (cpu_seconds() - before) / static_cast<double>(rounds);
  std::printf("%.6f 0 %zu %s\n", seconds, order.size() * size, right ? "right" : "wrong");
  return right ? 0 : 3;
}

}  // namespace
}  // namespace restitch::bench

int main(int argc, char** argv) {
  const std::size_t size = argc == 4 ? std::strtoul(argv[3], nullptr, 10) : 0;
  if (size == 0 || size > 100)
    return std::fputs("usage: growth_map|growth_array ORDER COUNT SIZE\n", stderr), 1;
  const auto order =
      restitch::bench::arrival_order(argv[1], static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10)));
  if (order.empty()) return std::fputs("no such order\n", stderr), 1;
  return restitch::bench::run(std::string(argv[0]).ends_with("map"), order, size);
}
