// PacketContext: what feed() tells a stream about the packet at hand besides its CaptureInfo: the VLAN and
// tunnel it came through, and its frame. A stream that wants to know asks context_of(). Borrows the frame;
// lives for the call. The pool's thread.
#pragma once

#include <cstdint>
#include <typeinfo>
#include <utility>

#include "restitch/packet.h"
#include "restitch/stream.h"

namespace RESTITCH_API restitch {

// The network around a packet, as DecodedPacket has it.
struct PacketOrigin {
  std::uint16_t vlan = 0;
  LayerKind tunnel = LayerKind::none;
  bool reassembled = false;
  bool copied = false;
  std::uint32_t tunnel_id = 0;
};

class PacketContext final : public AssemblerContext {
 public:
  PacketContext() = default;
  PacketContext(const CaptureInfo& info, const DecodedPacket& packet, LinkType link_type, Bytes frame,
                std::uint64_t rank, Elapsed elapsed = {})
      : AssemblerContext(info, elapsed),
        origin_{packet.vlan, packet.tunnel, packet.reassembled, packet.copied, packet.tunnel_id},
        link_type_(link_type),
        frame_(frame),
        rank_(rank) {}

  // The packet turned out to be a copy (DecodedPacket::copied).
  void note_copied() { origin_.copied = true; }
  // A stream was shown it, and says so: who looks at all packets afterwards knows what was left
  // (output_tails.h).
  void note_shown() { shown_ = true; }

  [[nodiscard]] bool shown() const { return shown_; }
  [[nodiscard]] const PacketOrigin& origin() const { return origin_; }
  [[nodiscard]] LinkType link_type() const { return link_type_; }
  [[nodiscard]] Bytes frame() const { return frame_; }
  // Its place among all frames of the run, from 1: two never share one, as the packet numbers of several
  // inputs do, and as those of frames that came in one packet (FeedCounts::subframes).
  [[nodiscard]] std::uint64_t rank() const { return rank_; }

 private:
  PacketOrigin origin_;
  LinkType link_type_{};
  Bytes frame_;
  std::uint64_t rank_ = 0;
  bool shown_ = false;
};

// nullptr if the context is of another kind: from a loop other than feed().
inline const PacketContext* context_of(const AssemblerContext& context) {
  // The class is final, so it is this type or none: no search through bases.
  return typeid(context) == typeid(PacketContext) ? static_cast<const PacketContext*>(&context) : nullptr;
}

inline PacketContext* context_of(AssemblerContext& context) {
  return const_cast<PacketContext*>(context_of(std::as_const(context)));
}

// PacketContext::rank(), or 0.
inline std::uint64_t rank_of(const AssemblerContext& context) {
  const PacketContext* const packet = context_of(context);
  return packet == nullptr ? 0 : packet->rank();
}

}  // namespace restitch
