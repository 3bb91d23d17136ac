#include "restitch/cluster/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

#include "cluster/wire.h"

namespace restitch::cluster {
namespace {

constexpr std::string_view state_magic = "RSTC";
constexpr std::string_view head_magic = "RSTH";
constexpr std::uint8_t version = 2;
// Keys are compared as words of a machine.
constexpr std::uint8_t byte_order = std::endian::native == std::endian::little ? 1 : 2;
constexpr std::size_t key_size = 40;

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void put_start(WireWriter& out, std::string_view magic) {
  out.bytes(bytes_of(magic));
  out.fixed(version);
  out.fixed(byte_order);
}

Result<void> read_start(WireReader& in, std::string_view magic) {
  const Bytes start = in.bytes(magic.size());
  if (in.failed() || !std::equal(start.begin(), start.end(), magic.begin())) {
    return failure(ErrorCode::damaged, "a checkpoint without its magic number");
  }
  if (in.fixed<std::uint8_t>() != version || in.fixed<std::uint8_t>() != byte_order) {
    return failure(ErrorCode::unsupported,
                   "a checkpoint of another version, or of a machine with another byte order");
  }
  return {};
}

void put(WireWriter& out, const detail::FlowKey& key) {
  for (const std::uint64_t word : key.addresses) out.fixed(word);
  out.fixed(key.ports_and_domain);
}

detail::FlowKey read_key(WireReader& in) {
  detail::FlowKey key;
  for (std::uint64_t& word : key.addresses) word = in.fixed<std::uint64_t>();
  key.ports_and_domain = in.fixed<std::uint64_t>();
  return key;
}

void put(WireWriter& out, const PacketOrder& order) {
  out.fixed(order.merged);
  out.varint(order.sensor);
  out.varint(order.number);
  out.varint(order.part);
}

PacketOrder read_order(WireReader& in) {
  PacketOrder order;
  order.merged = in.fixed<std::int64_t>();
  order.sensor = in.small<SensorId>();
  order.number = in.varint();
  order.part = in.small<std::uint32_t>();
  return order;
}

void put(WireWriter& out, const detail::Tombstone& stone) {
  put(out, stone.key);
  out.fixed(stone.last_seen.ns);
  for (const detail::Tombstone::Half& half : stone.halves) {
    out.fixed(half.start.value());
    out.fixed(half.next.value());
  }
  out.fixed(stone.seen_second);
  out.fixed(
      static_cast<std::uint8_t>(stone.known | stone.by_syn << 2 | stone.is_long << 4 | stone.deaf << 6));
  out.fixed(static_cast<std::uint8_t>(stone.refuses_syn | stone.time_wait << 2 | stone.right_sums << 4 |
                                      (stone.client_is_high ? 1 : 0) << 6 | (stone.ignored ? 1 : 0) << 7));
}

detail::Tombstone read_tombstone(WireReader& in) {
  detail::Tombstone stone;
  stone.key = read_key(in);
  stone.last_seen.ns = in.fixed<std::int64_t>();
  for (detail::Tombstone::Half& half : stone.halves) {
    half.start = Sequence(in.fixed<std::uint32_t>());
    half.next = Sequence(in.fixed<std::uint32_t>());
  }
  stone.seen_second = in.fixed<std::uint16_t>();
  const unsigned first = in.fixed<std::uint8_t>();
  const unsigned second = in.fixed<std::uint8_t>();
  stone.known = first & 3U;
  stone.by_syn = first >> 2 & 3U;
  stone.is_long = first >> 4 & 3U;
  stone.deaf = first >> 6 & 3U;
  stone.refuses_syn = second & 3U;
  stone.time_wait = second >> 2 & 3U;
  stone.right_sums = second >> 4 & 3U;
  stone.client_is_high = (second >> 6 & 1U) != 0;
  stone.ignored = (second >> 7 & 1U) != 0;
  return stone;
}

constexpr std::size_t tombstone_size = key_size + 8 + 16 + 2 + 2;

void put(WireWriter& out, const SensorPosition& position) {
  out.varint(position.sensor);
  out.varint(position.epoch);
  out.varint(position.next);
  out.fixed(position.watermark);
  out.fixed(static_cast<std::uint8_t>(position.gone ? 1 : 0));
}

SensorPosition read_position(WireReader& in) {
  SensorPosition position;
  position.sensor = in.small<SensorId>();
  position.epoch = in.small<std::uint32_t>();
  position.next = in.varint();
  position.watermark = in.fixed<std::int64_t>();
  position.gone = in.fixed<std::uint8_t>() != 0;
  return position;
}

constexpr std::size_t position_size_min = 12;

void put(WireWriter& out, const OrderState& order) {
  out.varint(order.sensors.size());
  for (const OrderState::Sensor& sensor : order.sensors) {
    put(out, sensor.position);
    out.varint(sensor.ready.size());
    for (const OrderState::Ready& ready : sensor.ready) {
      out.varint(ready.sequence);
      out.varint(ready.next);
    }
    out.varint(sensor.held.size());
    for (const std::uint64_t sequence : sensor.held) out.varint(sequence);
  }
}

OrderState read_order_state(WireReader& in) {
  OrderState order;
  order.sensors.resize(in.count(position_size_min + 2));
  for (OrderState::Sensor& sensor : order.sensors) {
    sensor.position = read_position(in);
    sensor.ready.resize(in.count(2));
    for (OrderState::Ready& ready : sensor.ready) ready = {in.varint(), in.varint()};
    sensor.held.resize(in.count(1));
    for (std::uint64_t& sequence : sensor.held) sequence = in.varint();
  }
  return order;
}

void put(WireWriter& out, const LiveEnds& live) {
  put(out, live.key);
  put(out, live.start);
  out.varint(live.released);
  out.varint(live.behind);
  out.fixed(static_cast<std::uint8_t>((live.before ? 1 : 0) | (live.open ? 2 : 0)));
  if (live.before) put(out, *live.before);
  if (live.open) put(out, *live.open);
}

LiveEnds read_live(WireReader& in) {
  LiveEnds live;
  live.key = read_key(in);
  live.start = read_order(in);
  live.released = in.varint();
  live.behind = in.varint();
  const unsigned has = in.fixed<std::uint8_t>();
  if ((has & 1U) != 0) live.before = read_tombstone(in);
  if ((has & 2U) != 0) live.open = read_order(in);
  return live;
}

constexpr std::size_t live_size_min = key_size + 8 + 6;

std::string read_text(WireReader& in) {
  const Bytes text = in.sized();
  return {text.begin(), text.end()};
}

// The members of counts, in their order on the way.
template <class Counts, class Each>
void each_count(Counts& counts, Each&& each) {
  each(counts.messages);
  each(counts.packets);
  each(counts.undecodable);
  each(counts.connections);
  each(counts.duplicates);
  each(counts.missing);
  each(counts.set_aside);
}

}  // namespace

std::string head_key(unsigned partition) { return fmt::format("p{}", partition); }

std::vector<std::uint8_t> encode_state(const CheckpointState& state) {
  std::vector<std::uint8_t> bytes;
  WireWriter out(bytes);
  put_start(out, state_magic);
  out.varint(state.cut);
  out.varint(state.from);
  put(out, state.order);
  out.fixed(state.clock.reference.ns);
  out.fixed(state.clock.elapsed.ticks);
  out.fixed(static_cast<std::uint8_t>(state.clock.strays));
  out.varint(state.clock_sensor);
  out.varint(state.clock_number);
  out.varint(state.domains.size());
  for (const auto& ids : state.domains) {
    out.varint(ids.size());
    for (const std::uint64_t id : ids) out.varint(id);
  }
  out.varint(state.live.size());
  for (const LiveEnds& live : state.live) put(out, live);
  out.varint(state.tombstones.size());
  for (const detail::Tombstone& stone : state.tombstones) put(out, stone);
  return bytes;
}

Result<CheckpointState> decode_state(Bytes bytes) {
  WireReader in(bytes);
  if (const auto started = read_start(in, state_magic); !started) return tl::make_unexpected(started.error());
  CheckpointState state;
  state.cut = in.varint();
  state.from = in.varint();
  state.order = read_order_state(in);
  state.clock.reference.ns = in.fixed<std::int64_t>();
  state.clock.elapsed.ticks = in.fixed<std::int64_t>();
  state.clock.strays = in.fixed<std::uint8_t>();
  state.clock_sensor = in.small<SensorId>();
  state.clock_number = in.varint();
  state.domains.resize(in.count(1));
  for (auto& ids : state.domains) {
    ids.resize(in.count(1));
    for (std::uint64_t& id : ids) id = in.varint();
  }
  state.live.resize(in.count(live_size_min));
  for (LiveEnds& live : state.live) live = read_live(in);
  state.tombstones.resize(in.count(tombstone_size));
  for (detail::Tombstone& stone : state.tombstones) stone = read_tombstone(in);
  if (in.failed() || !in.empty() || state.from > state.cut || state.from == 0) {
    return failure(ErrorCode::damaged, "a checkpoint that makes no sense");
  }
  return state;
}

std::vector<std::uint8_t> encode_head(const CheckpointHead& head) {
  std::vector<std::uint8_t> bytes;
  WireWriter out(bytes);
  put_start(out, head_magic);
  out.varint(head.partition);
  out.varint(head.partitions);
  out.varint(head.cut);
  out.varint(head.mark);
  out.sized(bytes_of(head.owner));
  out.fixed(static_cast<std::uint8_t>(head.ended ? 1 : 0));
  out.sized(bytes_of(head.state));
  out.varint(head.state_parts);
  out.fixed(head.state_crc);
  out.sized(bytes_of(head.segment));
  out.varint(head.open);
  out.varint(head.tombstones);
  each_count(head.counts, [&](std::uint64_t count) { out.varint(count); });
  out.varint(head.set_aside.size());
  for (const SetAside& one : head.set_aside) {
    out.varint(one.sequence);
    out.sized(bytes_of(one.why));
  }
  out.varint(head.sensors.size());
  for (const SensorPosition& position : head.sensors) put(out, position);
  return bytes;
}

Result<CheckpointHead> decode_head(Bytes bytes) {
  WireReader in(bytes);
  if (const auto started = read_start(in, head_magic); !started) return tl::make_unexpected(started.error());
  CheckpointHead head;
  head.partition = in.small<std::uint16_t>();
  head.partitions = in.small<std::uint16_t>();
  head.cut = in.varint();
  head.mark = in.varint();
  head.owner = read_text(in);
  head.ended = in.fixed<std::uint8_t>() != 0;
  head.state = read_text(in);
  head.state_parts = in.small<std::uint32_t>();
  head.state_crc = in.fixed<std::uint32_t>();
  head.segment = read_text(in);
  head.open = in.varint();
  head.tombstones = in.varint();
  each_count(head.counts, [&](std::uint64_t& count) { count = in.varint(); });
  head.set_aside.resize(in.count(2));
  for (SetAside& one : head.set_aside) {
    one.sequence = in.varint();
    one.why = read_text(in);
  }
  head.sensors.resize(in.count(position_size_min));
  for (SensorPosition& position : head.sensors) position = read_position(in);
  if (in.failed() || !in.empty())
    return failure(ErrorCode::damaged, "the head of a checkpoint makes no sense");
  return head;
}

}  // namespace restitch::cluster
