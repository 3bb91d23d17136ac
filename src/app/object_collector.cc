#include "app/object_collector.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "app/mime_type.h"
#include "output/text.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

void append_member(std::string& out, std::string_view name, std::uint64_t number) {
  out.append(",\"").append(name).append("\":");
  append_number(out, number);
}

void append_flag(std::string& out, std::string_view name, bool flag) {
  if (flag) out.append(",\"").append(name).append("\":true");
}

// ,"name":[[a,b],…]
template <class List, class Pair>
void append_pairs(std::string& out, std::string_view name, const List& list, Pair&& pair) {
  if (list.empty()) return;
  out.append(",\"").append(name).append("\":");
  char separator = '[';
  for (const auto& item : list) {
    const auto [first, second] = pair(item);
    fmt::format_to(std::back_inserter(out), "{}[{},{}]", std::exchange(separator, ','), first, second);
  }
  out += ']';
}

}  // namespace

ObjectCollector::Open* ObjectCollector::find(ObjectNumber object) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.number == object; });
  if (found == open_.end()) return nullptr;
  open_.splice(open_.begin(), open_, found);
  return &open_.front();
}

void ObjectCollector::begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) {
  Open& open = open_.emplace_front();
  open.number = object;
  open.head = head;
  open.layer = place.layer;
  open.begun = head.origin.time;
}

bool ObjectCollector::make_file(const FindingPlace& place, Open& open) {
  if (open.file) return true;
  if (open.left_out) return false;
  ++to_.counts.objects;
  if (to_.counts.files >= to_.options.files_max) {
    ++to_.counts.objects_left_out;
    open.left_out = true;
    return false;
  }
  const std::string name = safe_object_name(open.head.name);
  open.file = to_.store.create(fmt::format("{}-{}-{}{}{}", place.summary->number, open.number,
                                           open.head.protocol, name.empty() ? "" : "-", name));
  open.left_out = !open.file;
  if (open.file) ++to_.counts.files;
  return open.file.has_value();
}

void ObjectCollector::write(Open& open, Bytes bytes, Timestamp time) {
  const std::uint64_t left =
      std::min(to_.options.bytes_max - std::min(to_.options.bytes_max, to_.bytes),
               to_.options.file_bytes_max - std::min(to_.options.file_bytes_max, to_.store.size(*open.file)));
  const Bytes fits = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
  to_.counts.bytes_left_out += bytes.size() - fits.size();
  to_.bytes += fits.size();
  if (fits.empty()) return;
  to_.store.append(*open.file, fits, time);
  open.digest.update(fits);
}

void ObjectCollector::object_data(const FindingPlace& place, ObjectNumber object, Bytes bytes,
                                  const Origin& origin) {
  Open* const open = find(object);
  if (open == nullptr) return;
  if (open->size == 0) open->stream_begin = origin.offset;
  open->stream_end =
      std::max(open->stream_end, origin.offset + (origin.size != 0 ? origin.size : bytes.size()));
  open->size += bytes.size();
  open->position += bytes.size();
  open->ended = origin.time;
  open->packets.add(origin.packet);
  if (open->first_bytes.size() < mime_type_head) {
    const Bytes first = bytes.first(std::min(bytes.size(), mime_type_head - open->first_bytes.size()));
    open->first_bytes.insert(open->first_bytes.end(), first.begin(), first.end());
  }
  if (make_file(place, *open)) {
    write(*open, bytes, origin.time);
  } else {
    to_.counts.bytes_left_out += bytes.size();
  }
}

void ObjectCollector::object_gap(const FindingPlace& place, ObjectNumber object, std::uint64_t size) {
  Open* const open = find(object);
  if (open == nullptr) return;
  if (open->gaps.size() < gaps_max) {
    open->gaps.push_back({open->position, size});
  } else {
    ++open->gaps_unlisted;
  }
  open->position += size;
  if (make_file(place, *open)) to_.store.skip(*open->file, size);
}

void ObjectCollector::end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) {
  Open* const open = find(object);
  if (open == nullptr) return;
  if (open->size != 0 || !open->gaps.empty()) {
    if (!end.complete) ++to_.counts.incomplete;
    index(place, *open, end);
  }
  if (open->file) to_.store.close(*open->file);
  open_.pop_front();
}

void ObjectCollector::index(const FindingPlace& place, Open& open, const ObjectEnd& end) {
  const NetFlow net = place.net();
  const TransportFlow transport = place.transport();
  const std::string client = endpoint_to_string(net.source, transport.source_port);
  const std::string server = endpoint_to_string(net.destination, transport.destination_port);
  const bool from_client = open.head.direction == TcpFlowDirection::client_to_server;
  std::string out = fmt::format("{{\"connection\":{}", place.summary->number);
  append_member(out, "uid", connection_uid(*place.summary));
  append_member(out, "community_id",
                community_id(place.summary->net, place.summary->transport, to_.options.community_seed));
  append_member(out, "src", from_client ? client : server);
  append_member(out, "dst", from_client ? server : client);
  append_member(out, "protocol", open.head.protocol);
  append_member(out, "layer", open.layer);
  append_member(out, "url", open.head.url);
  append_member(out, "name", open.head.name);
  append_member(out, "type", open.head.type);
  append_member(out, "media_type", mime_type_of(open.first_bytes));
  if (open.head.transaction != 0) append_member(out, "transaction", open.head.transaction);
  append_member(out, "coding", open.head.coding);
  append_member(out, "size", open.size);
  append_member(out, "wire_size", end.wire_size);
  if (open.head.size_known) append_member(out, "declared_size", open.head.size);
  append_pairs(out, "gaps", open.gaps, [](const Gap& gap) { return std::pair(gap.offset, gap.size); });
  if (open.gaps_unlisted != 0) append_member(out, "gaps_unlisted", open.gaps_unlisted);
  append_flag(out, "truncated", !end.complete);
  append_flag(out, "over_limit", end.over_limit);
  append_flag(out, "undecodable", end.undecodable);
  fmt::format_to(std::back_inserter(out), ",\"stream\":[{},{}]", open.stream_begin, open.stream_end);
  append_pairs(out, "packets", open.packets.ranges(),
               [](const PacketRanges::Range& range) { return std::pair(range.first, range.last); });
  if (open.packets.unlisted() != 0) append_member(out, "packets_unlisted", open.packets.unlisted());
  out += ",\"begun\":";
  append_json_time(out, open.begun);
  out += ",\"ended\":";
  append_json_time(out, open.ended);
  if (open.file) {
    append_member(out, "file", to_.store.name(*open.file));
    append_member(out, "file_size", to_.store.size(*open.file));
    append_member(out, "sha256", open.digest.sha256());
  }
  out += "}\n";
  to_.store.append(to_.index, as_bytes(out));
}

}  // namespace restitch
