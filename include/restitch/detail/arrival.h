// Arrival: the payload of one segment on its way into a half-connection, cut down as it goes. Borrows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "restitch/sequence.h"
#include "restitch/transmission.h"

namespace RESTITCH_API restitch {
namespace detail {

struct Arrival {
  Sequence first;
  Bytes payload;
  const CaptureInfo& info;
  TcpFlowDirection direction;
  std::uint64_t offset = 0;  // stream offset of `first`; 0 while the start is not known
  bool next = false;         // it continues what was delivered
  bool lend = false;         // and so its bytes need no copy
  bool apart = false;        // its bytes are not those of the packet at hand
  bool right = true;         // its checksum is, as far as that means anything
  bool fin = false;          // a FIN follows (only where a FIN has to win its place like data)
  Transmission transmission = Transmission::first;

  [[nodiscard]] Sequence last() const { return first.add(static_cast<std::int64_t>(payload.size())); }

  // The same with the FIN, which takes a sequence number of its own.
  [[nodiscard]] Sequence end() const { return last().add(fin ? 1 : 0); }

  void cut_front(std::size_t size) {
    first = first.add(static_cast<std::int64_t>(size));
    payload = payload.subspan(size);
    offset += size;
  }
};

}  // namespace detail
}  // namespace restitch
