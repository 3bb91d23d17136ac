#include "c/kept_stream.h"

#include <algorithm>
#include <new>

#include "c/values.h"

namespace restitch::c {
namespace {

constexpr std::size_t room_min = 512;

}  // namespace

// ---- KeptBytes -------------------------------------------------------------------------------------

void KeptBytes::append(Bytes bytes) {
  if (bytes.size() > room_ - size_) {
    const std::size_t room = std::max({size_ + bytes.size(), room_ + room_ / 2, room_min});
    auto* const grown = static_cast<std::uint8_t*>(std::realloc(bytes_.get(), room));  // NOLINT(*-no-malloc)
    if (grown == nullptr) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(grown);
    room_ = room;
  }
  std::copy(bytes.begin(), bytes.end(), bytes_.get() + size_);
  size_ += bytes.size();
  *sum_ += bytes.size();
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
    const std::uint64_t have = half.data.bytes().size();
    std::uint64_t room = 0;
    if (wishes_.data && half.left_out == 0 && have < most && sum_ < wishes_.data_total_max) {
      room = std::min(most - have, wishes_.data_total_max - sum_);
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
