#include "restitch/detail/engine_chunk.h"

#include <algorithm>
#include <cstring>

#include "restitch/detail/flow_hash.h"
#include "restitch/detail/prefetch.h"

namespace restitch::detail {

namespace {

unsigned shard_of(std::uint64_t flow_hash, std::size_t shards) {
  return static_cast<unsigned>(((flow_hash >> 32) * shards) >> 32);
}

// Starts loading the headers of a frame, nearly all of which lie in its first 64 bytes: in one line or two.
void prefetch_headers(Bytes frame) {
  prefetch(frame.data());
  prefetch(frame.data() + std::min<std::size_t>(63, frame.size()));
}

}  // namespace

unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards) {
  return shard_of(flow_hash(net, ports), shards);
}

void EngineChunk::begin(std::uint64_t chunks, std::uint64_t packets) {
  number_ = chunks;
  packets_before_ = packets;
  records_.clear();
  decoded_.clear();
  for (std::vector<std::uint32_t>& names : names_) names.clear();
  datagrams_.clear();
}

void EngineChunk::add(std::span<const Record> records, Decoder& decoder, FeedCounts& counts) {
  constexpr std::size_t ahead = 8;
  std::size_t place = records_.size();
  records_.insert(records_.end(), records.begin(), records.end());
  for (std::size_t i = 0; i < records.size(); ++i, ++place) {
    if (i + ahead < records.size()) prefetch_headers(records[i + ahead].frame);
    const Record& record = records[i];
    counts.note(record);
    if (decoder.is_plain()) [[likely]] {
      if (const auto hash = flow_hash(record.link_type, record.frame)) [[likely]] {
        names_[shard_of(*hash, names_.size())].push_back(static_cast<std::uint32_t>(place));
        continue;
      }
    }
    add_decoded(place, decoder, counts);
  }
  datagrams_.splice(datagrams_.end(), decoder.take_datagrams());
}

void EngineChunk::add_decoded(std::size_t place, Decoder& decoder, FeedCounts& counts) {
  const Record& record = records_[place];
  const DecodedPacket packet = decoder.decode_ahead(record.link_type, record.frame, record.info);
  if (packet.reason != DropReason::none) {
    ++counts.dropped[static_cast<std::size_t>(packet.reason)];
    return;
  }
  const std::uint64_t hash = flow_hash(packet.net, packet.tcp.transport());
  names_[shard_of(hash, names_.size())].push_back(is_decoded | static_cast<std::uint32_t>(decoded_.size()));
  decoded_.push_back({place, packet});
}

void EngineChunk::decode(std::span<const std::uint32_t> names, PacketBatch& batch, FeedCounts& counts) const {
  // Another processor may have read them: they come side by side, not each when it is asked for.
  for (const std::uint32_t name : names) {
    if ((name & is_decoded) == 0) prefetch_headers(records_[name].frame);
  }
  for (const std::uint32_t name : names) {
    const auto add = [&](std::size_t place, auto&& decoded) {
      batch.add(records_[place], packets_before_ + place + 1, counts, decoded);
    };
    if ((name & is_decoded) == 0) [[likely]] {
      const Record& record = records_[name];
      add(name, [&] { return restitch::decode(record.link_type, record.frame, record.info.original_size); });
    } else {
      const Decoded& decoded = decoded_[name & ~is_decoded];
      add(decoded.place, [&] { return decoded.packet; });
    }
  }
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
