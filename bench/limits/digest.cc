// The limit of `restitch streams --json`: reads a capture, finds the flow of each packet that has payload or
// a FIN, and takes its payload into the SHA-256 of that flow; nothing else. It is right only where every flow
// is in order and has its own ports (workloads A and B), and it writes nothing but one sum.
//
//   bench_digest CAPTURE
#include <cstdio>
#include <unordered_map>

#include "limits/track_table.h"
#include "restitch/capture.h"
#include "restitch/output_digest.h"

namespace restitch::bench {

namespace {

int digest(CaptureReader& reader) {
  const auto hash = [](const TrackKey& key) { return TrackTable::hash_of(key); };
  std::unordered_map<TrackKey, Sha256, decltype(hash)> flows(1 << 16, hash);
  unsigned sum = 0;
  while (!reader.finished()) {
    for (const Record& record : reader.next_batch()) {
      const DecodedPacket packet = decode(record.link_type, record.frame, record.info.original_size);
      if (packet.reason != DropReason::none) continue;
      if (packet.tcp.payload.empty() && !packet.tcp.fin()) continue;
      const auto flow = flows.try_emplace(key_of(packet)).first;
      flow->second.update(packet.tcp.payload);
      if (!packet.tcp.fin()) continue;
      sum += flow->second.finish().front();
      flows.erase(flow);
    }
  }
  std::printf("%u\n", sum);
  return reader.end().damaged ? 2 : 0;
}

int main_of(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: bench_digest CAPTURE\n", stderr), 1;
  auto reader = open_capture(argv[1]);
  if (!reader) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 2;
  return digest(**reader);
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
