#include "app/smb_run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "restitch/app/services.h"

namespace restitch {
namespace {

Origin behind(Origin origin, std::size_t size) {
  if (origin.size == 0) origin.offset += size;
  return origin;
}

}  // namespace

void SmbRun::begin(Findings& findings, const About& about, const Origin& origin) {
  if (object_) return;
  ObjectHead head;
  head.protocol = "smb";
  head.direction = direction_;
  head.name = about.name;
  head.size_known = is_read() && about.size.has_value();
  head.size = head.size_known ? *about.size : 0;
  head.origin = origin;
  object_ = findings.begin_object(head);
}

void SmbRun::data(Findings& findings, SmbRoom& room, const About& about, std::uint64_t offset, Bytes bytes,
                  const Origin& origin) {
  if (bytes.empty()) return;
  const std::uint64_t object_max = findings.services().limits().object_max;
  if (!is_read() && held_at(offset, bytes.size())) release(findings, room, true);
  const bool again = offset < next_ && (!is_read() || offset < gap_end_);
  if (object_ && again) finish(findings, room, about, false);
  begin(findings, about, origin);
  end_.wire_size += bytes.size();
  if (offset >= object_max || bytes.size() > object_max - offset) {
    if (!std::exchange(end_.over_limit, true)) {
      findings.anomaly("smb_object_too_large", direction_, origin, std::string(about.name));
    }
    bytes = bytes.first(static_cast<std::size_t>(object_max - std::min(object_max, offset)));
  }
  if (offset > next_) return hold(findings, room, offset, bytes, origin);
  const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(next_ - offset, bytes.size()));
  emit(findings, bytes.subspan(known), behind(origin, known));
  release(findings, room, false);
}

void SmbRun::gap(Findings& findings, SmbRoom& room, std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t object_max = findings.services().limits().object_max;
  if (!object_ || offset >= object_max) return;
  const std::uint64_t end = offset + std::min(size, object_max - offset);
  lost_end_ = std::max(lost_end_, end);
  if (offset != next_) return;
  // Up to what is held.
  skip_to(findings, held_.empty() ? end : std::min(end, held_.begin()->first));
  release(findings, room, false);
}

void SmbRun::end(Findings& findings, SmbRoom& room, const About& about, bool closed) {
  if (object_) finish(findings, room, about, closed);
}

void SmbRun::finish(Findings& findings, SmbRoom& room, const About& about, bool closed) {
  release(findings, room, true);
  if (lost_end_ > next_) skip_to(findings, lost_end_);
  // All of a file that is read is there if its last byte is; what is written has no length.
  const bool whole = is_read() ? about.size && next_ >= *about.size : closed;
  end_.complete = whole && end_.missing == 0 && !end_.over_limit;
  findings.end_object(*object_, end_);
  object_.reset();
  next_ = gap_end_ = lost_end_ = 0;
  end_ = {};
}

// Whether some of it is held already.
bool SmbRun::held_at(std::uint64_t offset, std::size_t size) const {
  const auto behind = held_.upper_bound(offset);
  if (behind != held_.end() && behind->first - offset < size) return true;
  if (behind == held_.begin()) return false;
  const auto& [begin, piece] = *std::prev(behind);
  return offset - begin < piece.bytes.size();
}

void SmbRun::hold(Findings& findings, SmbRoom& room, std::uint64_t offset, Bytes bytes,
                  const Origin& origin) {
  if (bytes.empty()) return;
  const auto [at, is_new] = held_.try_emplace(offset);
  Piece& piece = at->second;
  if (piece.bytes.size() >= bytes.size()) return;
  const std::size_t more = bytes.size() - piece.bytes.size() + (is_new ? piece_overhead : 0);
  piece.bytes.assign(bytes.begin(), bytes.end());
  piece.origin = origin;
  if (room.take(more)) return;
  // There is no room: the first ones have to go, and what lies before them is a gap.
  while (!held_.empty()) {
    release_first(findings, room);
    release(findings, room, false);
    if (room.give(0)) return;
  }
}

void SmbRun::release(Findings& findings, SmbRoom& room, bool all) {
  while (!held_.empty() && (all || held_.begin()->first <= next_)) release_first(findings, room);
}

void SmbRun::release_first(Findings& findings, SmbRoom& room) {
  const auto node = held_.extract(held_.begin());
  const Piece& piece = node.mapped();
  room.give(piece.bytes.size() + piece_overhead);
  if (node.key() > next_) skip_to(findings, node.key());
  const auto known =
      static_cast<std::size_t>(std::min<std::uint64_t>(next_ - node.key(), piece.bytes.size()));
  emit(findings, Bytes(piece.bytes).subspan(known), behind(piece.origin, known));
}

void SmbRun::skip_to(Findings& findings, std::uint64_t offset) {
  if (offset == next_) return;
  findings.object_gap(*object_, offset - next_);
  end_.missing += offset - next_;
  next_ = gap_end_ = offset;
}

void SmbRun::emit(Findings& findings, Bytes bytes, Origin origin) {
  if (bytes.empty()) return;
  next_ += bytes.size();
  findings.object_data(*object_, bytes, origin);
  end_.origin = behind(origin, bytes.size() - 1);
}

}  // namespace restitch
