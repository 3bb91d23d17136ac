// CaptureInfo: what is known about a captured packet apart from its bytes. It is what survives of a
// packet whose bytes wait in a queue, so it is small and owns nothing. A value; any thread.
#pragma once

#include <compare>
#include <cstdint>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// A moment of the capture's clock in nanoseconds since 1970-01-01 00:00 UTC; 0 means "not known".
// Nothing that is read from a capture depends on the clock of the machine.
struct Timestamp {
  std::int64_t ns = 0;

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

struct CaptureInfo {
  Timestamp timestamp;                // when the packet was captured
  std::uint64_t packet_number = 0;    // 1 for the first record of the capture; 0: not known
  std::uint64_t user_tag = 0;         // the caller's own; carried along, never looked at
  std::uint32_t captured_size = 0;    // bytes of the frame that are in the capture
  std::uint32_t original_size = 0;    // bytes of the frame on the wire
  std::uint32_t interface_index = 0;  // interface of the capture, as numbered by its source
  std::uint32_t source_index = 0;     // which of several inputs (files, interfaces) it came from

  friend constexpr auto operator<=>(const CaptureInfo&, const CaptureInfo&) = default;
};

static_assert(sizeof(CaptureInfo) == 40, "every held segment carries one");

}  // namespace restitch
