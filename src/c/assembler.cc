#include "restitch/assembler.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "c/callback_stream.h"
#include "c/reader.h"
#include "c/settings.h"
#include "c/status.h"
#include "c/values.h"
#include "restitch/packet_context.h"

namespace restitch::c {

// What a restitch_assembler does: the way of a packet, for one packet at a time. One thread.
class PacketAssembler {
 public:
  PacketAssembler(const restitch_callbacks& calls, ReceiverTable receivers, std::uint64_t memory_max)
      : receivers_(std::move(receivers)),
        settings_(made(memory_max, receivers_)),
        decoder_(settings_.decoder),
        factory_(calls),
        streams_(factory_, settings_.pool),
        assembler_(streams_) {}

  void take(LinkType link_type, Bytes frame, CaptureInfo info) {
    info.captured_size = static_cast<std::uint32_t>(frame.size());
    info.original_size = std::max(info.original_size, info.captured_size);
    counts_.note({info, link_type, frame});
    decoder_.begin_batch();
    const Elapsed elapsed = assembler_.observe(info.timestamp);
    DecodedPacket packet = decoder_.decode(link_type, frame, info);
    pass_on(packet, link_type, frame, info, elapsed);
    while (packet.more) {
      ++counts_.subframes;
      packet = decoder_.decode_more(info);
      pass_on(packet, link_type, frame, info, elapsed);
    }
    assembler_.advance(elapsed);
  }
  void flush_older(Timestamp time) { assembler_.flush_close_older_than(time); }
  void flush() { assembler_.flush_all(); }
  [[nodiscard]] restitch_counts counts() const {
    return counts_of(counts_, streams_.byte_counts(), factory_.opened());
  }

 private:
  // Packets that somebody brings may go on for ever.
  static Settings made(std::uint64_t memory_max, const ReceiverTable& receivers) {
    Settings settings(memory_max);
    settings.decoder.copies_window_ns = 0;
    settings.pool.ageing = Ageing::usual();
    use_receivers(settings.pool, receivers);
    return settings;
  }

  void pass_on(const DecodedPacket& packet, LinkType link_type, Bytes frame, const CaptureInfo& info,
               Elapsed elapsed) {
    ++counts_.dropped[static_cast<std::size_t>(packet.reason)];
    if (packet.reason != DropReason::none) return;
    ++counts_.segments;
    PacketContext context(info, packet, link_type, frame, counts_.frames(), elapsed);
    assembler_.assemble_with_context(packet.net, packet.tcp, context);
  }

  ReceiverTable receivers_;
  Settings settings_;
  Decoder decoder_;
  FeedCounts counts_;
  CallbackFactory factory_;
  StreamPool streams_;
  Assembler assembler_;
};

}  // namespace restitch::c

using restitch::c::fail;
using restitch::c::guarded;

// What the handle stands for.
struct restitch_assembler {
  restitch_assembler(const restitch_callbacks& calls, restitch::ReceiverTable receivers,
                     std::uint64_t memory_max)
      : packets(calls, std::move(receivers), memory_max) {}

  restitch::c::PacketAssembler packets;
  bool busy = false;
};

restitch_status restitch_assembler_open(restitch_assembler** assembler, const restitch_callbacks* callbacks,
                                        const restitch_assembler_options* options) {
  return guarded([&]() -> restitch_status {
    *assembler = nullptr;
    const restitch_assembler_options wishes = restitch::c::read_sized(options);
    auto receivers = restitch::c::parse_receivers(wishes.receiver);
    if (!receivers) return fail(receivers.error());
    const restitch_callbacks calls = restitch::c::read_sized(callbacks);
    *assembler =
        std::make_unique<restitch_assembler>(calls, std::move(*receivers), wishes.memory_max).release();
    return RESTITCH_OK;
  });
}

restitch_status restitch_assembler_packet(restitch_assembler* assembler, uint16_t link_type,
                                          const uint8_t* frame, size_t frame_size,
                                          const restitch_packet* packet) {
  return guarded(assembler->busy, [&]() -> restitch_status {
    if (frame_size > UINT32_MAX) return fail(RESTITCH_INVALID, "a frame of more than 4 GiB");
    const restitch::CaptureInfo info =
        packet == nullptr ? restitch::CaptureInfo() : restitch::c::info_of(*packet);
    assembler->packets.take(static_cast<restitch::LinkType>(link_type), {frame, frame_size}, info);
    return RESTITCH_OK;
  });
}

restitch_status restitch_assembler_flush_older(restitch_assembler* assembler, int64_t time_ns) {
  return guarded(assembler->busy, [&] {
    assembler->packets.flush_older({time_ns});
    return RESTITCH_OK;
  });
}

restitch_status restitch_assembler_flush(restitch_assembler* assembler) {
  return guarded(assembler->busy, [&] {
    assembler->packets.flush();
    return RESTITCH_OK;
  });
}

restitch_status restitch_assembler_counts(const restitch_assembler* assembler, restitch_counts* counts) {
  return guarded([&] { return restitch::c::write_sized(counts, assembler->packets.counts()); });
}

void restitch_assembler_close(restitch_assembler* assembler) {
  const std::unique_ptr<restitch_assembler> closed(assembler);
}
