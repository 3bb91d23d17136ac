// Border: what goes on from one file to the next besides connections: the clock, the packets that may come a
// second time, and the fragments that wait for others. A value; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "restitch/capture_clock.h"
#include "restitch/capture_info.h"
#include "restitch/engine.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {
namespace batch {

// As many as `restitch streams` has: copies of packets are looked for in each by itself.
inline constexpr unsigned shards = EngineOptions::usual_shards;

// A record that outlives its reader.
struct KeptRecord {
  CaptureInfo info;
  LinkType link_type = LinkType::ethernet;
  std::vector<std::uint8_t> frame;
};

struct Border {
  CaptureClock::State clock;
  // MirrorCopies::memory() of each shard; empty: nothing is remembered.
  std::array<std::vector<std::byte>, shards> copies;
  // All that the defragmenter was given since it held nothing. With `cut`, some were left out: there were too
  // many.
  std::vector<KeptRecord> fragments;
  bool cut = false;
};

}  // namespace batch
}  // namespace restitch
