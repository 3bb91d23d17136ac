#include "restitch/detail/engine_chunk.h"

#include <algorithm>
#include <cstring>

namespace restitch::detail {

namespace {

constexpr std::uint64_t odd_multiplier = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio

std::uint64_t hash_end(const IpAddress& address, std::uint16_t port) {
  std::uint64_t words[2];
  std::memcpy(words, address.bytes.data(), sizeof words);
  const std::uint64_t product = (words[0] * 3 + words[1] + port) * odd_multiplier;
  return product ^ (product >> 32);
}

}  // namespace

unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards) {
  // A sum does not know which end sent the packet.
  const std::uint64_t both =
      hash_end(net.source, ports.source_port) + hash_end(net.destination, ports.destination_port);
  const std::uint64_t high = (both * odd_multiplier) >> 32;
  return static_cast<unsigned>((high * shards) >> 32);
}

void EngineChunk::begin(std::uint64_t number) {
  number_ = number;
  batch_.clear();
  for (std::vector<std::uint32_t>& places : places_) places.clear();
  records_ = 0;
  datagrams_.clear();
}

void EngineChunk::add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts) {
  constexpr std::size_t near = 64;  // packets that are still in the nearest cache when they are dealt out
  const auto shards = static_cast<unsigned>(places_.size());
  records_ += records.size();
  while (!records.empty()) {
    const std::size_t taken = std::min(records.size(), near);
    std::size_t place = packets().size();
    batch_.add(records.first(taken), decoder, counts);
    for (const AssemblerPacket& packet : packets().subspan(place)) {
      const unsigned shard = shard_of(packet.decoded.net, packet.decoded.tcp.transport(), shards);
      places_[shard].push_back(static_cast<std::uint32_t>(place++));
    }
    records = records.subspan(taken);
  }
  datagrams_.splice(datagrams_.end(), decoder.take_datagrams());
}

std::span<const Record> EngineChunk::copy(std::span<const Record> records) {
  std::size_t size = 0;
  for (const Record& record : records) size += record.frame.size();
  copied_bytes_.resize(size);
  copies_.assign(records.begin(), records.end());
  std::uint8_t* to = copied_bytes_.data();
  for (Record& copy : copies_) {
    if (!copy.frame.empty()) std::memcpy(to, copy.frame.data(), copy.frame.size());
    copy.frame = {to, copy.frame.size()};
    to += copy.frame.size();
  }
  return copies_;
}

}  // namespace restitch::detail
