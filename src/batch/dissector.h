// Dissector: the way from records to segments, as an Engine goes it: clock, decoder, copies. It can begin
// where another one was (Border), and tells where it is. Borrows the table of domains. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "batch/border.h"
#include "restitch/capture.h"
#include "restitch/capture_clock.h"
#include "restitch/defragmenter.h"
#include "restitch/detail/engine_chunk.h"
#include "restitch/mirror_copies.h"

namespace RESTITCH_API restitch {
namespace batch {

// A segment on its way. Borrows its bytes and its frame for the call.
struct FoundSegment {
  DecodedPacket decoded;
  CaptureInfo info;
  LinkType link_type = LinkType::ethernet;
  Bytes frame;
  Elapsed elapsed;
  std::uint64_t rank = 0;  // of its frame in the file, from 1 (PacketContext)
};

class Dissector {
 public:
  // Of the numbers in `domains`, equal ones mean the same in all Dissectors that share it.
  Dissector(const DecoderOptions& options, DomainTable& domains, const Border& start);

  // Calls found(FoundSegment) for each segment in a record.
  template <class Found>
  void take(const Record& record, Found&& found) {
    begin(record);
    DecodedPacket packet = decoder_.decode_ahead(record.link_type, record.frame, record.info);
    pass_on(record, packet, found);
    while (packet.more) {
      ++frames_;
      packet = decoder_.decode_more_ahead(record.info);
      pass_on(record, packet, found);
    }
    finish(record);
  }

  [[nodiscard]] const CaptureClock& clock() const { return clock_; }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  [[nodiscard]] Border border() const;

  // Whether both will find the same from here on, but for a time that passed before.
  [[nodiscard]] bool agrees_with(const Dissector& other) const;

 private:
  void begin(const Record& record);
  void finish(const Record& record);
  void find_copy(DecodedPacket& packet, Timestamp time);
  void name_domain(NetFlow& net);
  void drop_old_fragments(Timestamp now);

  template <class Found>
  void pass_on(const Record& record, DecodedPacket& packet, Found&& found) {
    if (packet.reason != DropReason::none) return;
    find_copy(packet, record.info.timestamp);
    if (packet.net.domain != 0) [[unlikely]]
      name_domain(packet.net);
    found(FoundSegment{packet, record.info, record.link_type, record.frame, clock_.elapsed(), frames_});
  }

  DecoderOptions options_;
  DomainTable& domains_;
  Decoder decoder_;
  CaptureClock clock_;
  std::array<std::optional<MirrorCopies>, shards> copies_;
  std::deque<KeptRecord> fragments_;
  std::size_t fragment_bytes_ = 0;
  std::uint64_t fragments_seen_ = 0;
  bool cut_ = false;
  std::uint64_t frames_ = 0;
};

}  // namespace batch
}  // namespace restitch
