// TrackTable: the least that a program has to keep to follow flows: an open-addressing table from the
// directed five-tuple to the next expected sequence number. It is the limit that restitch is measured
// against, so it is as plain and as fast as it can be. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "restitch/packet.h"

namespace restitch::bench {

// One direction of one flow: addresses (IPv4 in the first word of each half), ports.
struct TrackKey {
  std::array<std::uint64_t, 4> addresses{};
  std::uint32_t ports = 0;

  friend bool operator==(const TrackKey&, const TrackKey&) = default;
};

inline TrackKey key_of(const DecodedPacket& packet) {
  TrackKey key;
  std::memcpy(key.addresses.data(), packet.net.source.bytes.data(), 16);
  std::memcpy(key.addresses.data() + 2, packet.net.destination.bytes.data(), 16);
  key.ports = std::uint32_t{packet.tcp.source_port} << 16 | packet.tcp.destination_port;
  return key;
}

class TrackTable {
 public:
  // Compares a segment with what was expected and expects what follows the furthest
  // one. True when it was the next.
  bool track(const TrackKey& key, std::uint32_t sequence, std::uint32_t length) {
    const std::uint64_t hash = hash_of(key);
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      Entry& entry = entries_[at];
      if (entry.used && entry.key == key) {
        const auto ahead = static_cast<std::int32_t>(sequence + length - entry.next_sequence);
        const bool next = entry.next_sequence == sequence;
        if (ahead > 0) entry.next_sequence = sequence + length;
        return next;
      }
      if (!entry.used) {
        entry = {key, sequence + length, true};
        if (++size_ * 2 > entries_.size()) grow();
        return true;
      }
    }
  }

  static std::uint64_t hash_of(const TrackKey& key) {
    std::uint64_t hash = key.ports * 0x9E3779B97F4A7C15;
    for (const std::uint64_t word : key.addresses) hash = (hash ^ word ^ (hash >> 29)) * 0xBF58476D1CE4E5B9;
    return hash ^ (hash >> 32);
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct alignas(64) Entry {
    TrackKey key;
    std::uint32_t next_sequence = 0;
    bool used = false;
  };
  static_assert(sizeof(Entry) == 64, "a miss costs one cache line");

  void grow() {
    std::vector<Entry> old(entries_.size() * 2);
    old.swap(entries_);
    mask_ = entries_.size() - 1;
    for (const Entry& entry : old) {
      if (!entry.used) continue;
      std::size_t at = hash_of(entry.key) & mask_;
      while (entries_[at].used) at = (at + 1) & mask_;
      entries_[at] = entry;
    }
  }

  std::vector<Entry> entries_ = std::vector<Entry>(1024);
  std::size_t mask_ = 1023;
  std::size_t size_ = 0;
};

}  // namespace restitch::bench
