// feed(): from a source of records through decode() into an assembler, in the caller's thread. engine.h does
// the same with several.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "restitch/basic_assembler.h"
#include "restitch/capture.h"
#include "restitch/defragmenter.h"
#include "restitch/packet.h"
#include "restitch/packet_context.h"

namespace RESTITCH_API restitch {

// What went through, in packets and bytes. Every frame is either a TCP segment or dropped for a reason, so
// packets + subframes = segments + all that is dropped. (dropped[DropReason::none] is the segments again.)
struct FeedCounts {
  std::uint64_t packets = 0;       // records read
  std::uint64_t subframes = 0;     // further frames in them, where one aggregates several (802.11 A-MSDU)
  std::uint64_t bytes = 0;         // of their frames, as captured
  std::uint64_t segments = 0;      // TCP segments found in them
  std::uint64_t cut_segments = 0;  // of those, with payload that the snap length cut off
  std::uint64_t copies = 0;        // of those, that the capture holds a second time (mirror_copies.h)
  std::array<std::uint64_t, drop_reason_count> dropped{};  // by DropReason
  Timestamp first;                                         // of the records, by capture time
  Timestamp last;

  // A record, before it is decoded.
  void note(const Record& record) {
    const Timestamp time = record.info.timestamp;
    if (packets++ == 0 || time < first) first = time;
    if (last < time) last = time;
    bytes += record.frame.size();
  }

  [[nodiscard]] std::uint64_t frames() const { return packets + subframes; }

  // What became of records that the other did not note.
  void add_decoded(const FeedCounts& other) {
    segments += other.segments;
    cut_segments += other.cut_segments;
    copies += other.copies;
    for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
  }
};

namespace detail {

// A few packets on their way from records into an assembler, decoded where they stay: so few that they are
// still in the nearest cache when they are assembled. One thread.
class PacketBatch {
 public:
  static constexpr std::size_t size_max = 64;

  PacketBatch() {
    for (std::size_t i = 0; i < size_max; ++i) packets_[i].context = &contexts_[i];
  }
  PacketBatch(const PacketBatch&) = delete;
  PacketBatch& operator=(const PacketBatch&) = delete;

  // Adds a record, if it holds a TCP segment. decode() answers the DecodedPacket, `rank` is that of
  // PacketContext, `elapsed` that of AssemblerContext. The bytes of the record live as long as the batch is
  // used. Answers whether the frame holds more than that.
  // Requires: !is_full().
  template <class Decode>
  bool add(const Record& record, std::uint64_t rank, Elapsed elapsed, FeedCounts& counts, Decode&& decode) {
    // Made where it stays, instead of copied there.
    const DecodedPacket& packet = *::new (&packets_[found_].decoded) DecodedPacket(decode());
    ++counts.dropped[static_cast<std::size_t>(packet.reason)];
    if (packet.reason != DropReason::none) return packet.more;
    ++counts.segments;
    if (packet.tcp.missing_size != 0) ++counts.cut_segments;
    std::construct_at(&contexts_[found_], record.info, packet, record.link_type, record.frame, rank, elapsed);
    ++found_;
    return packet.more;
  }

  [[nodiscard]] bool is_full() const { return found_ == size_max; }

  // Marks those packets that the capture holds a second time; to be called once for all that were added.
  void find_copies(MirrorCopies& copies, FeedCounts& counts) {
    copies.find(
        found_, [&](std::size_t i) -> const DecodedPacket& { return packets_[i].decoded; },
        [&](std::size_t i) { return contexts_[i].capture_info().timestamp; },
        [&](std::size_t i) {
          packets_[i].decoded.copied = true;
          contexts_[i].note_copied();
          ++counts.copies;
        });
  }

  // Until clear(), as are their contexts.
  [[nodiscard]] std::span<const AssemblerPacket> packets() const { return {packets_.data(), found_}; }

  void clear() { found_ = 0; }

 private:
  // Nothing of these is made or destroyed for a packet. Each packet keeps the context at its place.
  std::array<AssemblerPacket, size_max> packets_;
  std::array<PacketContext, size_max> contexts_;
  std::size_t found_ = 0;  // of them
};

// An assembler that is told of all that is read, as a BasicAssembler is. Others may do without.
template <class AssemblerType>
concept KeepsTime = requires(AssemblerType& assembler, Timestamp time, Elapsed elapsed) {
  { assembler.observe(time) } -> std::same_as<Elapsed>;
  {assembler.advance(elapsed)};
};

template <class AssemblerType>
Elapsed observe(AssemblerType& assembler, Timestamp time) {
  if constexpr (KeepsTime<AssemblerType>) return assembler.observe(time);
  return {};
}

template <class AssemblerType>
void advance(AssemblerType& assembler, Elapsed elapsed) {
  if constexpr (KeepsTime<AssemblerType>) assembler.advance(elapsed);
}

}  // namespace detail

// Feeds all records of `reader` to `assembler`, then answers how the input ended. `progress()` is called
// now and then; answering false stops early. Does not flush: connections may go on in the next input.
// `decoder` keeps the fragments that wait for the next input.
template <class AssemblerType, class Progress>
const CaptureEnd& feed(CaptureReader& reader, Decoder& decoder, AssemblerType& assembler, FeedCounts& counts,
                       Progress&& progress) {
  detail::PacketBatch batch;
  Elapsed elapsed;
  const auto pass_on = [&] {
    if (decoder.copies() != nullptr) batch.find_copies(*decoder.copies(), counts);
    assembler.assemble(batch.packets());
    detail::advance(assembler, elapsed);
    batch.clear();
  };
  while (!reader.finished()) {
    for (const Record& record : reader.next_batch()) {
      counts.note(record);
      elapsed = detail::observe(assembler, record.info.timestamp);
      bool more = batch.add(record, counts.frames(), elapsed, counts, [&] {
        return decoder.decode_ahead(record.link_type, record.frame, record.info);
      });
      while (more) [[unlikely]] {
          if (batch.is_full()) pass_on();
          ++counts.subframes;
          more = batch.add(record, counts.frames(), elapsed, counts,
                           [&] { return decoder.decode_more_ahead(record.info); });
        }
      if (!batch.is_full()) continue;
      pass_on();
      decoder.begin_batch();
    }
    pass_on();
    decoder.begin_batch();
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

// The same without counts, to the end of the input.
template <class AssemblerType>
const CaptureEnd& feed(CaptureReader& reader, AssemblerType& assembler) {
  FeedCounts counts;
  return feed(reader, assembler, counts, [] { return true; });
}

}  // namespace restitch
