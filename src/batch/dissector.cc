#include "batch/dissector.h"

#include <algorithm>
#include <limits>

namespace restitch::batch {
namespace {

// Of the fragments that are kept for the next file.
constexpr std::size_t fragment_bytes_max = std::size_t{128} << 20;

// Copies are looked for here, shard by shard.
DecoderOptions without_copies(DecoderOptions options) {
  options.copies_window_ns = 0;
  return options;
}

}  // namespace

Dissector::Dissector(const DecoderOptions& options, DomainTable& domains, const Border& start)
    : options_(options), domains_(domains), decoder_(without_copies(options)), cut_(start.cut) {
  for (const KeptRecord& kept : start.fragments) {
    take({kept.info, kept.link_type, kept.frame}, [](const FoundSegment& /*found*/) {});
  }
  frames_ = 0;
  clock_ = CaptureClock(start.clock);
  if (options.copies_window_ns <= 0) return;
  for (unsigned i = 0; i < shards; ++i) {
    copies_[i].emplace(options.copies_window_ns);
    if (start.copies[i].size() == copies_[i]->memory().size()) copies_[i]->remember(start.copies[i]);
  }
}

void Dissector::begin(const Record& record) {
  decoder_.begin_batch();
  clock_.observe(record.info.timestamp);
  ++frames_;
}

void Dissector::finish(const Record& record) {
  const std::uint64_t seen = decoder_.fragment_counts().fragments;
  const bool news = seen != fragments_seen_;
  fragments_seen_ = seen;
  if (!news && fragments_.empty()) return;
  if (decoder_.defragmenter().datagrams_held() == 0) {
    fragments_.clear();
    fragment_bytes_ = 0;
    cut_ = false;
  } else if (news) {
    fragments_.push_back({record.info, record.link_type, {record.frame.begin(), record.frame.end()}});
    fragment_bytes_ += record.frame.size();
    if (fragment_bytes_ > fragment_bytes_max) drop_old_fragments(record.info.timestamp);
  }
}

// Those that nothing waits with any longer go; if that is not enough, others too.
void Dissector::drop_old_fragments(Timestamp now) {
  const auto is_over = [&](const KeptRecord& kept) {
    return detail::nanoseconds_between(kept.info.timestamp, now) > 2 * options_.defragmenter.timeout_ns;
  };
  while (fragments_.size() > 1 && (is_over(fragments_.front()) || fragment_bytes_ > fragment_bytes_max)) {
    if (!is_over(fragments_.front())) cut_ = true;
    fragment_bytes_ -= fragments_.front().frame.size();
    fragments_.pop_front();
  }
}

void Dissector::find_copy(DecodedPacket& packet, Timestamp time) {
  auto& copies = copies_[detail::shard_of(packet.net, packet.tcp.transport(), shards)];
  packet.copied = copies && copies->seen_before(packet, time);
}

// All sets of ids for which there was no room share a number, as they do in a Decoder.
void Dissector::name_domain(NetFlow& net) {
  const std::vector<std::uint64_t>* const known = decoder_.domains().ids_of(net.domain);
  std::vector<std::uint64_t> ids = known == nullptr ? std::vector<std::uint64_t>() : *known;
  if (ids.empty()) ids.push_back(std::numeric_limits<std::uint64_t>::max());
  net.domain = domains_.number_of(ids);
}

Border Dissector::border() const {
  Border border;
  border.clock = clock_.state();
  border.fragments.assign(fragments_.begin(), fragments_.end());
  border.cut = cut_;
  for (unsigned i = 0; i < shards; ++i) {
    if (!copies_[i]) continue;
    const auto memory = copies_[i]->memory();
    border.copies[i].assign(memory.begin(), memory.end());
  }
  return border;
}

bool Dissector::agrees_with(const Dissector& other) const {
  CaptureClock::State one = clock_.state();
  one.elapsed = other.clock_.state().elapsed;
  if (one != other.clock_.state() || cut_ != other.cut_) return false;
  if (!fragments_.empty() || !other.fragments_.empty()) return false;
  for (unsigned i = 0; i < shards; ++i) {
    if (!copies_[i]) continue;
    const auto mine = copies_[i]->memory();
    if (!std::equal(mine.begin(), mine.end(), other.copies_[i]->memory().begin())) return false;
  }
  return true;
}

}  // namespace restitch::batch
