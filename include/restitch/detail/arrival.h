// Arrival: the payload of one segment on its way into a half-connection, cut down as it goes. Borrows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "restitch/sequence.h"

namespace restitch::detail {

struct Arrival {
  Sequence first;
  Bytes payload;
  const CaptureInfo& info;
  TcpFlowDirection direction;
  std::uint64_t offset = 0;  // stream offset of `first`; 0 while the start is not known
  bool lend = false;         // it continues what was delivered: its bytes need no copy

  [[nodiscard]] Sequence last() const { return first.add(static_cast<std::int64_t>(payload.size())); }

  void cut_front(std::size_t size) {
    first = first.add(static_cast<std::int64_t>(size));
    payload = payload.subspan(size);
    offset += size;
  }
};

}  // namespace restitch::detail
