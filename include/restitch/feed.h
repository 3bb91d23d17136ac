// feed(): from a source of records through decode() into an assembler, in the caller's thread. engine.h does
// the same with several.
#pragma once

#include <array>
#include <cstdint>
#include <new>
#include <utility>

#include "restitch/basic_assembler.h"
#include "restitch/capture.h"
#include "restitch/defragmenter.h"
#include "restitch/packet.h"
#include "restitch/packet_context.h"

namespace restitch {

// What went through, in packets and bytes. Every record is either a TCP segment or dropped for a reason.
struct FeedCounts {
  std::uint64_t packets = 0;       // records read
  std::uint64_t bytes = 0;         // of their frames, as captured
  std::uint64_t segments = 0;      // TCP segments found in them
  std::uint64_t cut_segments = 0;  // of those, with payload that the snap length cut off
  std::uint64_t copies = 0;        // of those, that the capture holds a second time (mirror_copies.h)
  std::array<std::uint64_t, drop_reason_count> dropped{};  // by DropReason
  Timestamp first;                                         // of the records, by capture time
  Timestamp last;
};

// Decodes one record ahead (Decoder::decode_ahead), and counts it.
inline DecodedPacket decode_counted(const Record& record, Decoder& decoder, FeedCounts& counts) {
  const Timestamp time = record.info.timestamp;
  if (counts.packets++ == 0 || time < counts.first) counts.first = time;
  if (counts.last < time) counts.last = time;
  counts.bytes += record.frame.size();
  DecodedPacket packet = decoder.decode_ahead(record.link_type, record.frame, record.info);
  ++counts.dropped[static_cast<std::size_t>(packet.reason)];
  if (packet.reason != DropReason::none) return packet;
  ++counts.segments;
  if (packet.tcp.missing_size != 0) ++counts.cut_segments;
  return packet;
}

// Feeds all records of `reader` to `assembler`, then answers how the input ended. `progress()` is called
// now and then; answering false stops early. Does not flush: connections may go on in the next input.
// `decoder` keeps the fragments that wait for the next input.
template <class AssemblerType, class Progress>
const CaptureEnd& feed(CaptureReader& reader, Decoder& decoder, AssemblerType& assembler, FeedCounts& counts,
                       Progress&& progress) {
  constexpr std::size_t batch_max = 64;
  std::array<AssemblerPacket, batch_max> packets;
  std::array<PacketContext, batch_max> contexts;
  while (!reader.finished()) {
    std::span<const Record> records = reader.next_batch();
    while (!records.empty()) {
      std::size_t found = 0;
      decoder.begin_batch();
      const std::size_t taken = std::min(records.size(), batch_max);
      for (const Record& record : records.first(taken)) {
        // Made where it stays, instead of copied there.
        DecodedPacket* const packet =
            ::new (&packets[found].decoded) DecodedPacket(decode_counted(record, decoder, counts));
        if (packet->reason != DropReason::none) continue;
        contexts[found] = PacketContext(record.info, *packet, record.link_type, record.frame, counts.packets);
        packets[found].context = &contexts[found];
        ++found;
      }
      decoder.find_copies([&](std::size_t i) {
        packets[i].decoded.copied = true;
        contexts[i].note_copied();
        ++counts.copies;
      });
      assembler.assemble(std::span(packets).first(found));
      records = records.subspan(taken);
    }
    if (!progress()) break;
  }
  return reader.end();
}

// The same for an input that stands alone.
template <class AssemblerType, class Progress>
const CaptureEnd& feed(CaptureReader& reader, AssemblerType& assembler, FeedCounts& counts,
                       Progress&& progress) {
  Decoder decoder;
  return feed(reader, decoder, assembler, counts, std::forward<Progress>(progress));
}

}  // namespace restitch
