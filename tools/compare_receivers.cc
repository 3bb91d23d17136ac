// compare_receivers [-v] [--offloaded] FILE...: reads captures under the policies `capture` and `linux`, and
// says in how many stream directions they differ, and why, by rule. A rule that acted in a direction that
// differs is one of its reasons; a direction may have several. With --offloaded no checksum is checked:
// captures taken on a host that leaves checksums to its network card are full of wrong ones.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/capture.h"
#include "restitch/output_digest.h"

namespace {

using namespace restitch;

// Of what can happen, that which makes policies give different bytes.
bool is_reason(const Event& event) {
  switch (event.kind) {
    case EventKind::refused:
      return event.size != 0 || event.refusal == Refusal::syn;
    case EventKind::conflict:
    case EventKind::data_after_fin:
    case EventKind::data_after_rst:
    case EventKind::fin_moved:
    case EventKind::syn_in_connection:
    case EventKind::port_reuse:
    case EventKind::urgent:
      return true;
    default:
      return false;
  }
}

// What is said of all connections from one end to another.
struct Direction {
  std::vector<std::string> streams;  // digests of those with bytes
  std::set<std::string> reasons;
};

using Directions = std::map<std::string, Direction>;

class ComparedStream {
 public:
  ComparedStream(Directions& directions, const std::string& client, const std::string& server)
      : ends_{&directions[client + " > " + server], &directions[server + " > " + client]} {}

  bool accept(const TcpSegment& /*tcp*/, const CaptureInfo& /*info*/, TcpFlowDirection /*direction*/,
              std::optional<Sequence> /*next_seq*/, bool& /*start*/, AssemblerContext& /*context*/) {
    return true;
  }

  void reassembled_sg(ScatterGather& sg, AssemblerContext& /*context*/) {
    const auto side = static_cast<std::size_t>(sg.info().direction);
    if (sg.info().skip > 0) ends_[side]->reasons.insert("gap");
    for (const ScatterGather::Chunk& chunk : sg.chunks()) digests_[side].update(chunk.bytes);
    sizes_[side] += sg.lengths().available;
  }

  bool reassembly_complete(AssemblerContext* /*context*/, EndReason reason) {
    for (std::size_t side = 0; side < 2; ++side) {
      if (reason == EndReason::rst) ends_[side]->reasons.insert("reset");
      if (sizes_[side] != 0) ends_[side]->streams.push_back(to_string(digests_[side].finish()));
    }
    return true;
  }

  void on_event(const Event& event) {
    if (event.kind == EventKind::roles_swapped) {
      std::swap(ends_[0], ends_[1]);
      std::swap(digests_[0], digests_[1]);
      std::swap(sizes_[0], sizes_[1]);
    }
    if (!is_reason(event)) return;
    std::string reason(to_string(event.kind));
    if (event.kind == EventKind::refused) reason = fmt::format("refused: {}", to_string(event.refusal));
    ends_[static_cast<std::size_t>(event.direction)]->reasons.insert(reason);
  }

 private:
  Direction* ends_[2];
  Sha256 digests_[2];
  std::uint64_t sizes_[2] = {};
};

class Factory {
 public:
  explicit Factory(Directions& directions) : directions_(directions) {}

  std::optional<ComparedStream> create(const NetFlow& net, TransportFlow transport, const TcpSegment& /*tcp*/,
                                       AssemblerContext& /*context*/) {
    return std::make_optional<ComparedStream>(
        directions_, endpoint_to_string(net.source, transport.source_port),
        endpoint_to_string(net.destination, transport.destination_port));
  }

 private:
  Directions& directions_;
};

Directions read(const std::string& path, const ReceiverPolicy& policy) {
  Directions directions;
  auto reader = open_capture(path);
  if (!reader) return directions;
  Factory factory(directions);
  PoolOptions options;
  options.receiver = &policy;
  BasicStreamPool<ComparedStream, Factory> pool(factory, options);
  BasicAssembler<ComparedStream, Factory> assembler(pool);
  while (!(*reader)->finished()) {
    for (const Record& record : (*reader)->next_batch()) {
      const DecodedPacket packet = decode(record.link_type, record.frame, record.info.original_size);
      if (packet.reason != DropReason::none) continue;
      TcpSegment tcp = packet.tcp;
      tcp.network_ok = packet.ip_checksum_ok;
      AssemblerContext context(record.info);
      assembler.assemble_with_context(packet.net, tcp, context);
    }
  }
  assembler.flush_all(EndReason::end_of_input);
  return directions;
}

struct Totals {
  std::size_t directions = 0;
  std::size_t differ = 0;
  std::map<std::string, std::pair<std::size_t, std::size_t>> reasons;  // as one of several, as the only one
};

void compare(const std::string& path, const ReceiverPolicy& policy, bool verbose, Totals& totals) {
  const Directions all = read(path, *find_receiver_policy("capture"));
  const Directions linux_ = read(path, policy);
  for (const auto& [name, captured] : all) {
    if (captured.streams.empty()) continue;
    ++totals.directions;
    const auto found = linux_.find(name);
    const Direction received = found == linux_.end() ? Direction{} : found->second;
    if (received.streams == captured.streams) continue;
    ++totals.differ;
    std::set<std::string> reasons = received.reasons;
    if (captured.reasons.contains("gap")) reasons.insert("gap");
    // A reset or a gap says little where a segment was refused.
    const bool refused = std::any_of(reasons.begin(), reasons.end(),
                                     [](const std::string& reason) { return reason.starts_with("refused"); });
    if (refused) reasons.erase("gap"), reasons.erase("reset");
    if (reasons.empty()) reasons.insert("other");
    for (const std::string& reason : reasons) {
      auto& [among, alone] = totals.reasons[reason];
      ++(reasons.size() == 1 ? alone : among);
    }
    if (verbose) fmt::print("{}: {}: {}\n", path, name, fmt::join(reasons, ", "));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files(argv + 1, argv + argc);
  const bool verbose = std::erase(files, "-v") != 0;
  const bool offloaded = std::erase(files, "--offloaded") != 0;
  if (files.empty()) {
    fmt::print(stderr, "usage: compare_receivers [-v] [--offloaded] FILE...\n");
    return 1;
  }
  ReceiverPolicy policy = *find_receiver_policy("linux");
  if (offloaded) policy.refusals.bits &= ~(1u << static_cast<unsigned>(Refusal::checksum));
  Totals totals;
  for (const std::string& file : files) compare(file, policy, verbose, totals);
  fmt::print("{} of {} directions differ\n\n", totals.differ, totals.directions);
  fmt::print("| reason | the only one | one of several |\n| --- | --- | --- |\n");
  for (const auto& [reason, counts] : totals.reasons) {
    fmt::print("| {} | {} | {} |\n", reason, counts.second, counts.first);
  }
}
