#include "limits/walks.h"

#include "limits/track_table.h"
#include "restitch/packet.h"

namespace restitch::bench {

namespace {

template <class Visit>
Tally walk(CaptureReader& reader, Visit&& visit) {
  Tally tally;
  while (!reader.finished()) {
    for (const Record& record : reader.next_batch()) {
      ++tally.packets;
      visit(record, tally);
    }
  }
  return tally;
}

}  // namespace

Tally read_only(CaptureReader& reader, bool sums) {
  return walk(reader, [sums](const Record& record, Tally& tally) { tally.count(record.frame, sums); });
}

Tally read_headers(CaptureReader& reader, bool sums) {
  return walk(reader, [sums](const Record& record, Tally& tally) {
    const DecodedPacket packet = decode(record.link_type, record.frame, record.info.original_size);
    if (packet.reason == DropReason::none) tally.count(packet.tcp.payload, sums);
  });
}

Tally track(CaptureReader& reader, bool sums) {
  TrackTable table;
  return walk(reader, [sums, &table](const Record& record, Tally& tally) {
    const DecodedPacket packet = decode(record.link_type, record.frame, record.info.original_size);
    if (packet.reason != DropReason::none) return;
    const auto size = static_cast<std::uint32_t>(packet.tcp.payload.size());
    const std::uint32_t length = size + (packet.tcp.syn() ? 1 : 0) + (packet.tcp.fin() ? 1 : 0);
    if (table.track(key_of(packet), packet.tcp.sequence.value(), length)) ++tally.next;
    tally.count(packet.tcp.payload, sums);
  });
}

}  // namespace restitch::bench
