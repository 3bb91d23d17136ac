#include "batch/border_walk.h"

#include "batch/batch_input.h"

namespace restitch::batch {
namespace {

// To compare all that both remember takes as long as some hundred packets do.
constexpr std::uint64_t packets_between = 4096;

}  // namespace

Result<BorderWalk> BorderWalk::read(const BatchSetup& setup, std::size_t file, const Border& start,
                                    DomainTable& domains) {
  BorderWalk walk;
  Border fresh;
  fresh.clock.elapsed = setup.elapsed_at(file);
  Dissector truth(setup.decoder, domains, start);
  Dissector own(setup.decoder, domains, fresh);
  auto input = BatchInput::open(setup, {file});
  if (!input) return tl::unexpected(input.error());
  std::uint64_t packets = 0;
  while (!input->reader().finished()) {
    for (const Record& record : input->reader().next_batch()) {
      if (!walk.take(record, truth, own) && ++packets % packets_between != 0) continue;
      if (truth.agrees_with(own)) return walk;
    }
  }
  walk.end_ = truth.border();
  return walk;
}

// True: it was the first packet, after which they may agree already.
bool BorderWalk::take(const Record& record, Dissector& truth, Dissector& own) {
  const auto seen = [](std::vector<Seen>& list) {
    list.clear();
    return [&list](const FoundSegment& found) {
      const TcpSegment& tcp = found.decoded.tcp;
      list.push_back({detail::make_key(found.decoded.net, tcp.transport()).key,
                      tcp.payload.size() + tcp.missing_size, found.decoded.copied});
    };
  };
  const bool first = times_.empty();
  truth.take(record, seen(true_seen_));
  own.take(record, seen(own_seen_));
  note_offset(truth.clock().elapsed().ticks - own.clock().elapsed().ticks);
  times_.resize(own.frames(), truth.clock().elapsed());
  for (const Seen& one : true_seen_) since_.insert(one.key);
  for (const Seen& one : own_seen_) since_.insert(one.key);
  if (true_seen_ == own_seen_) return first;
  for (const Seen& one : true_seen_) differing_.insert(one.key);
  for (const Seen& one : own_seen_) differing_.insert(one.key);
  return first;
}

// What came before was at another distance from what follows than its map task thought.
void BorderWalk::note_offset(std::int64_t offset) {
  if (offset != offset_) {
    differing_.merge(since_);
    since_.clear();
  }
  offset_ = offset;
}

Border BorderWalk::end(const Border& own) const {
  if (end_) return *end_;
  Border end = own;
  end.clock.elapsed.ticks += offset_;
  return end;
}

}  // namespace restitch::batch
