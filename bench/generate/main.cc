// Writes a workload as a capture, with what a reassembler has to find in it next to it. The same options
// give the same bytes everywhere.
//
//   bench_generate WORKLOAD SCALE CAPTURE TRUTH        WORKLOAD: A B C C2 D D10 M W; SCALE: 1 is full size
//
// TRUTH has a line for each direction with payload: source, destination, captured bytes, their CRC-32,
// bytes never captured.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "generate/conversation.h"

namespace restitch::bench {

namespace {

struct Workload {
  const char* name;
  Impairment impairment;
  std::uint32_t flows;       // at scale 1
  std::uint32_t flows_open;  // at a time
  std::uint32_t burst;       // packets of one flow in a row
  bool scale_size;           // scale the bytes of a flow, not the number of flows
};

constexpr Impairment clean{};
constexpr Impairment lossy{0.02, 50, 0.01, 0.001, 0.001};
constexpr Impairment shuffled{0.05, 50, 0, 0, 0};

constexpr Workload workloads[] = {
    {"A", clean, 100, 100, 9, true},          // bulk: 10 MB each, bursts of 8 and their ACK
    {"B", clean, 200'000, 2'000, 2, false},   // web: about 4 kB each, timestamps, a fifth IPv6
    {"C", lossy, 1'000, 100, 8, false},       // lossy: 500 kB each, request and response
    {"C2", lossy, 1'000, 100, 8, false},      // the same, both sides at once
    {"D", clean, 1'000'000, 0, 1, false},     // many: all open at once
    {"D10", clean, 10'000'000, 0, 1, false},  // the same with ten million: some 11 GB
    {"M", clean, 1'000, 100, 8, false},       // mid-stream: neither handshake nor FIN
    {"W", shuffled, 1'000, 100, 8, false},    // sequence numbers wrap early
};

std::size_t scaled(double full, double scale) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(full * scale));
}

Conversation make_conversation(const std::string& name, std::uint32_t number, double scale, Random& random) {
  const bool web = name == "B";
  auto first = static_cast<std::uint32_t>(random.next());
  if (name == "W") first = 0U - random.between(1, 400'000);
  const Flow flow(number, web && number % 5 == 0, web, first);
  if (name == "A") return {flow, {.response_size = scaled(1e7, scale), .ack_every = 8}};
  if (web) {
    return {flow,
            {.request_size = random.between(200, 600),
             .response_size = random.between(2'000, 5'200),
             .segment_size = flow.ipv6() ? 1428U : 1448U}};
  }
  if (name == "C2") return {flow, {.request_size = 250'000, .response_size = 250'000, .full_duplex = true}};
  return {flow, {.rounds = 10, .request_size = 400, .response_size = 50'000, .midstream = name == "M"}};
}

// A number of flows at a time, each for some packets, in turns or at random.
void run_conversations(const Workload& workload, double scale, Wire& wire, std::FILE* truth) {
  Random random(42);
  const auto flows =
      workload.scale_size ? workload.flows : static_cast<std::uint32_t>(scaled(workload.flows, scale));
  std::uint32_t begun = 0;
  std::vector<Conversation> open;
  const auto begin = [&] { return make_conversation(workload.name, begun++, scale, random); };
  while (begun < std::min(workload.flows_open, flows)) open.push_back(begin());
  const bool in_turns = workload.scale_size;
  for (std::size_t turn = 0; !open.empty(); ++turn) {
    const std::size_t at = (in_turns ? turn : random.next()) % open.size();
    bool goes_on = true;
    for (std::uint32_t i = 0; goes_on && i < workload.burst; ++i) goes_on = open[at].step(wire, random);
    if (goes_on) continue;
    open[at].flow().write_truth(truth);
    if (begun < flows) {
      open[at] = begin();
    } else {
      open[at] = open.back();
      open.pop_back();
    }
  }
}

// All flows opened, one segment each way, some thousand at a time; when all are open, one more each way.
void run_many(const Workload& workload, double scale, Wire& wire, std::FILE* truth) {
  Random random(42);
  std::vector<Flow> flows;
  flows.reserve(scaled(workload.flows, scale));
  while (flows.size() < flows.capacity()) {
    flows.emplace_back(static_cast<std::uint32_t>(flows.size()), false, false,
                       static_cast<std::uint32_t>(random.next()));
  }
  std::vector<std::uint32_t> order(flows.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto shuffle = [&] {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);
  };
  const auto talk = [&](Side side) {
    return [&wire, &random, side](Flow& flow) { wire.send_data(flow, side, random.between(64, 256)); };
  };
  const std::vector<std::function<void(Flow&)>> opening{
      [&](Flow& flow) { wire.send_flags(flow, Side::client, flag_syn); },
      [&](Flow& flow) { wire.send_flags(flow, Side::server, flag_syn | flag_ack); },
      [&](Flow& flow) { wire.send_flags(flow, Side::client, flag_ack); }, talk(Side::client),
      talk(Side::server)};
  shuffle();
  constexpr std::size_t at_a_time = 5'000;
  for (std::size_t begin = 0; begin < order.size(); begin += at_a_time) {
    const std::size_t end = std::min(begin + at_a_time, order.size());
    for (const auto& send : opening) {
      for (std::size_t i = begin; i < end; ++i) send(flows[order[i]]);
    }
  }
  for (const Side side : {Side::client, Side::server}) {
    shuffle();
    for (const std::uint32_t number : order) talk(side)(flows[number]);
  }
  for (const Flow& flow : flows) flow.write_truth(truth);
}

int generate(const std::string& name, double scale, const char* capture, const char* truth_path) {
  const auto* workload = std::find_if(std::begin(workloads), std::end(workloads),
                                      [&](const Workload& known) { return known.name == name; });
  if (workload == std::end(workloads) || !(scale > 0))
    return std::fputs("no such workload or scale\n", stderr), 1;
  std::FILE* truth = std::fopen(truth_path, "wb");
  if (truth == nullptr) return std::perror(truth_path), 2;
  Wire wire(capture, workload->impairment);
  workload->flows_open == 0 ? run_many(*workload, scale, wire, truth)
                            : run_conversations(*workload, scale, wire, truth);
  const bool sound = std::fclose(truth) == 0;
  if (!wire.finish() || !sound) return std::perror(capture), 2;
  std::printf("%llu\n", static_cast<unsigned long long>(wire.packets()));
  return 0;
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) {
  if (argc != 5) return std::fputs("usage: bench_generate WORKLOAD SCALE CAPTURE TRUTH\n", stderr), 1;
  return restitch::bench::generate(argv[1], std::atof(argv[2]), argv[3], argv[4]);
}
