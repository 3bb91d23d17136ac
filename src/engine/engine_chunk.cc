#include "restitch/detail/engine_chunk.h"

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

void EngineChunk::clear() {
  for (Part& part : parts_) {
    part.packets.clear();
    part.contexts.clear();
  }
  packets_ = 0;
  datagrams_.clear();
}

void EngineChunk::add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts) {
  const auto shards = static_cast<unsigned>(parts_.size());
  packets_ += records.size();
  places_.clear();
  for (const Record& record : records) {
    const DecodedPacket packet = decode_counted(record, decoder, counts);
    if (packet.reason != DropReason::none) continue;
    Part& part = parts_[shard_of(packet.net, packet.tcp.transport(), shards)];
    places_.emplace_back(&part, part.packets.size());
    part.packets.push_back({packet, nullptr});
    part.contexts.emplace_back(record.info, packet, record.link_type, record.frame, counts.packets);
  }
  decoder.find_copies([&](std::size_t i) {
    const auto [part, number] = places_[i];
    part->packets[number].decoded.copied = true;
    part->contexts[number].note_copied();
    ++counts.copies;
  });
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

std::span<const AssemblerPacket> EngineChunk::part(unsigned shard) {
  Part& part = parts_[shard];
  // Not before: contexts move while they are added.
  for (std::size_t i = 0; i < part.packets.size(); ++i) part.packets[i].context = &part.contexts[i];
  return part.packets;
}

}  // namespace restitch::detail
