#include "c/kept_stream.h"

#include <algorithm>

#include "c/values.h"

namespace restitch::c {

// ---- KeptMemory, KeptBytes -------------------------------------------------------------------------

std::unique_ptr<KeptBlock> KeptMemory::take() {
  if (free_.empty()) return std::make_unique<KeptBlock>();
  std::unique_ptr<KeptBlock> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void KeptBytes::append(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t size = put(bytes);
    bytes = bytes.subspan(size);
    size_ += size;
    memory_->sum += size;
  }
}

// As much as fits into one place; answers how much.
std::size_t KeptBytes::put(Bytes bytes) {
  if (size_ < head_max) {
    const Bytes first = bytes.first(std::min(bytes.size(), head_max - size_));
    head_.insert(head_.end(), first.begin(), first.end());
    return first.size();
  }
  const std::size_t used = (size_ - head_max) % sizeof(KeptBlock);
  if (used == 0) blocks_.push_back(memory_->take());
  const Bytes first = bytes.first(std::min(bytes.size(), sizeof(KeptBlock) - used));
  std::copy(first.begin(), first.end(), blocks_.back()->bytes.begin() + static_cast<std::ptrdiff_t>(used));
  return first.size();
}

std::vector<restitch_block> KeptBytes::blocks() const {
  std::vector<restitch_block> all;
  if (size_ == 0) return all;
  all.reserve(1 + blocks_.size());
  all.push_back({head_.data(), head_.size()});
  std::size_t left = size_ - head_.size();
  for (const auto& block : blocks_) {
    all.push_back({block->bytes.data(), std::min(left, sizeof(KeptBlock))});
    left -= all.back().size;
  }
  return all;
}

// ---- KeptConnections -------------------------------------------------------------------------------

KeptConnections::KeptConnections(const KeepingWishes& wishes, ConnectionFilter where)
    : wishes_(wishes),
      where_(std::move(where)),
      log_([this](const ConnectionSummary& summary) { end(summary); }, ConnectionOrder::as_they_end) {
  if (wishes_.events) log_.list_events();
}

std::unique_ptr<Stream> KeptConnections::create(const NetFlow& net, TransportFlow transport,
                                                const TcpSegment& /*tcp*/, AssemblerContext& context) {
  return std::make_unique<KeptStream>(*this, log_.open(net, transport, rank_of(context)));
}

// What has no room is counted, and the rest of its direction with it: data is a beginning, without holes of
// our making.
void KeptConnections::add(KeptHalf& half, const ScatterGather& sg) const {
  const std::uint64_t most = wishes_.data_max == 0 ? wishes_.data_total_max : wishes_.data_max;
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    const std::uint64_t have = half.data.size();
    std::uint64_t room = 0;
    if (wishes_.data && half.left_out == 0 && have < most && memory_.sum < wishes_.data_total_max) {
      room = std::min(most - have, wishes_.data_total_max - memory_.sum);
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(room, chunk.bytes.size()));
    half.left_out += chunk.bytes.size() - size;
    if (size == 0) continue;
    half.data.append(chunk.bytes.first(size));
    if (!wishes_.pieces) continue;
    half.pieces.push_back({have, size, number_of(chunk.transmission), packet_of(*chunk.info)});
  }
}

// The stream calls this by way of its log, while it is completed.
void KeptConnections::end(const ConnectionSummary& summary) {
  if (!where_.matches(summary)) return;
  ended_.push_back({summary, std::move(*ending_)});
}

EndedConnection KeptConnections::pop() {
  EndedConnection first = std::move(ended_.front());
  ended_.pop_front();
  return first;
}

// ---- KeptStream ------------------------------------------------------------------------------------

void KeptStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_.reassembled_sg(sg, context);
  if (sg.lengths().available != 0) {
    owner_.add(halves_[static_cast<std::size_t>(sg.info().direction)], sg);
  }
}

bool KeptStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  owner_.ending_ = &halves_;
  return notes_.reassembly_complete(context, reason);
}

void KeptStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped) std::swap(halves_[0], halves_[1]);
  notes_.on_event(event);
}

}  // namespace restitch::c
