// feed(): from a source of records through decode() into an assembler, in the caller's thread. engine.h does
// the same with several.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

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

namespace detail {

// Packets on their way from records into an assembler, decoded where they stay. One thread.
class PacketBatch {
 public:
  // Adds the TCP segments of `records`, whose bytes live as long as the batch is used.
  void add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts) {
    make_room(found_ + records.size());
    const std::size_t before = found_;
    for (const Record& record : records) add(record, decoder, counts);
    const std::span<AssemblerPacket> added(packets_.data() + before, found_ - before);
    counts.segments += added.size();
    decoder.find_copies(
        added.size(), [&](std::size_t i) -> const DecodedPacket& { return added[i].decoded; },
        [&](std::size_t i) { return added[i].context->capture_info().timestamp; },
        [&](std::size_t i) {
          added[i].decoded.copied = true;
          contexts_[before + i].note_copied();
          ++counts.copies;
        });
  }

  // Until the next add(), as are their contexts.
  [[nodiscard]] std::span<const AssemblerPacket> packets() const { return {packets_.data(), found_}; }

  void clear() { found_ = 0; }

 private:
  void make_room(std::size_t size) {
    if (size <= packets_.size()) return;
    packets_.resize(size);
    contexts_.resize(size);
    for (std::size_t i = 0; i < size; ++i) packets_[i].context = &contexts_[i];
  }

  void add(const Record& record, Decoder& decoder, FeedCounts& counts) {
    const Timestamp time = record.info.timestamp;
    if (counts.packets++ == 0 || time < counts.first) counts.first = time;
    if (counts.last < time) counts.last = time;
    counts.bytes += record.frame.size();
    // Made where it stays, instead of copied there.
    const DecodedPacket& packet = *::new (&packets_[found_].decoded) DecodedPacket(
        decoder.decode_ahead(record.link_type, record.frame, record.info));
    ++counts.dropped[static_cast<std::size_t>(packet.reason)];
    if (packet.reason != DropReason::none) return;
    if (packet.tcp.missing_size != 0) ++counts.cut_segments;
    std::construct_at(&contexts_[found_], record.info, packet, record.link_type, record.frame,
                      counts.packets);
    ++found_;
  }

  // All that there ever was room for, so that nothing is made or destroyed for a packet. Each packet keeps
  // the context at its place.
  std::vector<AssemblerPacket> packets_;
  std::vector<PacketContext> contexts_;
  std::size_t found_ = 0;  // of them
};

}  // namespace detail

// Feeds all records of `reader` to `assembler`, then answers how the input ended. `progress()` is called
// now and then; answering false stops early. Does not flush: connections may go on in the next input.
// `decoder` keeps the fragments that wait for the next input.
template <class AssemblerType, class Progress>
const CaptureEnd& feed(CaptureReader& reader, Decoder& decoder, AssemblerType& assembler, FeedCounts& counts,
                       Progress&& progress) {
  constexpr std::size_t batch_max = 64;
  detail::PacketBatch batch;
  while (!reader.finished()) {
    std::span<const Record> records = reader.next_batch();
    while (!records.empty()) {
      decoder.begin_batch();
      batch.clear();
      const std::size_t taken = std::min(records.size(), batch_max);
      batch.add(records.first(taken), decoder, counts);
      assembler.assemble(batch.packets());
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
