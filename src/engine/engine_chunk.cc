#include "restitch/detail/engine_chunk.h"

#include <algorithm>
#include <cstring>

#include "restitch/detail/flow_hash.h"
#include "restitch/detail/prefetch.h"

namespace restitch::detail {

namespace {

// Starts loading the headers of a frame, nearly all of which lie in its first 64 bytes: in one line or two.
void prefetch_headers(Bytes frame) {
  prefetch(frame.data());
  prefetch(frame.data() + std::min<std::size_t>(63, frame.size()));
}

}  // namespace

unsigned shard_of(const NetFlow& net, TransportFlow ports, unsigned shards) {
  return shard_of(flow_hash(net, ports), shards);
}

void EngineChunk::begin(std::uint64_t chunks, std::uint64_t frames) {
  number_ = chunks;
  frames_before_ = frames;
  frames_ = 0;
  elapsed_ = {};  // without a record it says nothing of the time
  for (std::vector<Dealt>& dealt : dealt_) dealt.clear();
  decoded_.clear();
  datagrams_.clear();
}

void EngineChunk::add(std::span<const Record> records, Decoder& decoder, CaptureClock& clock,
                      FeedCounts& counts) {
  constexpr std::size_t ahead = 8;
  for (std::size_t i = 0; i < records.size(); ++i, ++frames_) {
    if (i + ahead < records.size()) prefetch_headers(records[i + ahead].frame);
    const Record& record = records[i];
    counts.note(record);
    clock.observe(record.info.timestamp);
    elapsed_ = clock.elapsed();
    if (decoder.is_plain()) [[likely]] {
      if (const auto hash = flow_hash(record.link_type, record.frame, together_)) [[likely]] {
        deal(record, *hash, none);
        continue;
      }
    }
    add_decoded(record, decoder, counts);
  }
  datagrams_.splice(datagrams_.end(), decoder.take_datagrams());
}

void EngineChunk::add_decoded(const Record& record, Decoder& decoder, FeedCounts& counts) {
  DecodedPacket packet = decoder.decode_ahead(record.link_type, record.frame, record.info);
  deal_decoded(record, packet, counts);
  while (packet.more) {
    ++counts.subframes;
    ++frames_;
    packet = decoder.decode_more_ahead(record.info);
    deal_decoded(record, packet, counts);
  }
}

void EngineChunk::deal_decoded(const Record& record, const DecodedPacket& packet, FeedCounts& counts) {
  if (packet.reason != DropReason::none) {
    ++counts.dropped[static_cast<std::size_t>(packet.reason)];
    return;
  }
  deal(record, flow_hash(packet.net, packet.tcp.transport(), together_),
       static_cast<std::uint32_t>(decoded_.size()));
  decoded_.push_back(packet);
}

void EngineChunk::decode(std::span<const Dealt> some, PacketBatch& batch, FeedCounts& counts) const {
  // Another processor may have read them: they come side by side, not each when it is asked for.
  for (const Dealt& dealt : some) prefetch_headers(dealt.record.frame);
  for (const Dealt& dealt : some) {
    const Record& record = dealt.record;
    const auto add = [&](auto&& decoded) {
      batch.add(record, frames_before_ + dealt.place + 1, dealt.elapsed, counts, decoded);
    };
    if (dealt.decoded == none) [[likely]] {
      add([&] { return restitch::decode(record.link_type, record.frame, record.info.original_size); });
    } else {
      add([&] { return decoded_[dealt.decoded]; });
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
