#include "restitch/cluster/batch.h"

#include <fmt/format.h>
#include <zstd.h>

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "cluster/crc32c.h"
#include "cluster/wire.h"

namespace restitch::cluster {
namespace {

constexpr std::string_view batch_magic = "RSTB";
constexpr std::uint8_t compressed = 1;
constexpr std::size_t crc_size = 4;
// What a body may be, unpacked: what fits into a message, and once more as much.
constexpr std::size_t body_size_max = 2 * Batch::frame_size_max;
constexpr std::size_t record_size_min = 4;  // as it lies there

// What of a DecodedPacket is one bit.
enum Mark : std::uint8_t {
  ip_sum_ok = 1,
  network_ok = 2,
  overlapped = 4,
  reassembled = 8,
  encapsulated = 16,
  is_ipv6 = 32,
};

std::uint8_t marks_of(const DecodedPacket& packet) {
  unsigned marks = 0;
  if (packet.ip_checksum_ok) marks |= ip_sum_ok;
  if (packet.tcp.network_ok) marks |= network_ok;
  if (packet.tcp.fragment_overlap) marks |= overlapped;
  if (packet.reassembled) marks |= reassembled;
  if (packet.encapsulated) marks |= encapsulated;
  if (packet.net.source.version == 6) marks |= is_ipv6;
  return static_cast<std::uint8_t>(marks);
}

void append_segment(WireWriter& out, const BatchSegment& segment) {
  const DecodedPacket& packet = segment.decoded;
  out.fixed(marks_of(packet));
  out.fixed(static_cast<std::uint8_t>(packet.tunnel));
  out.fixed(packet.ttl);
  out.varint(packet.vlan);
  out.varint(packet.ip_id);
  out.varint(packet.tunnel_id);
  out.varint(packet.net.network_tag);
  out.bytes(packet.net.source.bytes);
  out.bytes(packet.net.destination.bytes);
  out.varint(segment.domain_ids.size());
  for (const std::uint64_t id : segment.domain_ids) out.varint(id);
  out.fixed(packet.tcp.network_words);
  out.varint(packet.tcp.missing_size);
  out.sized(packet.tcp.bytes);
}

// As the decoder reads it. False: that is none.
bool read_tcp_header(Bytes bytes, TcpSegment& tcp) {
  constexpr std::size_t header_size_min = 20;
  if (bytes.size() < header_size_min) return false;
  const std::uint8_t* const p = bytes.data();
  const std::size_t header_size = (p[12] >> 4) * std::size_t{4};
  if (header_size < header_size_min || header_size > bytes.size()) return false;
  tcp.source_port = load_be16(p);
  tcp.destination_port = load_be16(p + 2);
  tcp.sequence = Sequence(load_be32(p + 4));
  tcp.acknowledgment = Sequence(load_be32(p + 8));
  tcp.flags = TcpFlags{p[13]};
  tcp.window = load_be16(p + 14);
  tcp.urgent_pointer = load_be16(p + 18);
  tcp.options = bytes.subspan(header_size_min, header_size - header_size_min);
  tcp.payload = bytes.subspan(header_size);
  tcp.bytes = bytes;
  return true;
}

void read_address(WireReader& in, bool ipv6, IpAddress& address) {
  const Bytes bytes = in.bytes(address.bytes.size());
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  address.version = ipv6 ? 6 : 4;
}

void read_segment(WireReader& in, BatchSegment& segment) {
  DecodedPacket& packet = segment.decoded;
  const unsigned marks = in.fixed<std::uint8_t>();
  packet.ip_checksum_ok = (marks & ip_sum_ok) != 0;
  packet.reassembled = (marks & reassembled) != 0;
  packet.encapsulated = (marks & encapsulated) != 0;
  const auto tunnel = in.fixed<std::uint8_t>();
  if (tunnel >= static_cast<std::uint8_t>(LayerKind::count_)) in.fail();
  packet.tunnel = static_cast<LayerKind>(tunnel);
  packet.ttl = in.fixed<std::uint8_t>();
  packet.vlan = in.small<std::uint16_t>();
  packet.ip_id = in.small<std::uint16_t>();
  packet.tunnel_id = in.small<std::uint32_t>();
  packet.net.network_tag = in.small<std::uint16_t>();
  read_address(in, (marks & is_ipv6) != 0, packet.net.source);
  read_address(in, (marks & is_ipv6) != 0, packet.net.destination);
  segment.domain_ids.resize(in.count(1));
  for (std::uint64_t& id : segment.domain_ids) id = in.varint();
  packet.tcp.network_words = in.fixed<std::uint8_t>();
  const auto missing = in.small<std::uint32_t>();
  if (!read_tcp_header(in.sized(), packet.tcp) || missing > std::uint32_t{1} << 30) return in.fail();
  packet.tcp.missing_size = missing;
  packet.tcp.network_ok = (marks & network_ok) != 0;
  packet.tcp.fragment_overlap = (marks & overlapped) != 0;
  packet.reason = DropReason::none;
}

void read_record(WireReader& in, Batch& batch) {
  const BatchRecord before = batch.records.empty() ? BatchRecord() : batch.records.back();
  BatchRecord& record = batch.records.emplace_back();
  const auto kind = in.fixed<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(BatchRecord::Kind::segment)) return in.fail();
  record.kind = static_cast<BatchRecord::Kind>(kind);
  // Times of hostile packets may be anything, so they wrap round.
  record.merged = static_cast<std::int64_t>(static_cast<std::uint64_t>(before.merged) + in.varint());
  record.info.timestamp.ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(record.merged) +
                                                       static_cast<std::uint64_t>(in.signed_varint()));
  record.info.packet_number = before.info.packet_number + in.varint();
  if (record.merged < before.merged && !in.failed() && batch.records.size() > 1) return in.fail();
  record.info.source_index = batch.sensor;
  if (record.kind == BatchRecord::Kind::tick) return;
  record.part = in.small<std::uint32_t>();
  record.link_type = static_cast<LinkType>(in.small<std::uint16_t>());
  record.info.interface_index = in.small<std::uint32_t>();
  if (record.kind == BatchRecord::Kind::frame) {
    record.frame = in.sized();
    record.info.captured_size = static_cast<std::uint32_t>(record.frame.size());
    const std::uint64_t cut = in.varint();
    if (cut > 0xFFFFFFFFU - record.frame.size()) return in.fail();
    record.info.original_size = static_cast<std::uint32_t>(record.frame.size() + cut);
    return;
  }
  record.info.captured_size = in.small<std::uint32_t>();
  record.info.original_size = in.small<std::uint32_t>();
  read_segment(in, batch.segments.emplace_back());
  record.segment = &batch.segments.back();
}

Result<Batch> damaged(const std::string& what) { return failure(ErrorCode::damaged, what); }

bool unpack(Batch& batch, Bytes packed, std::size_t size) {
  batch.memory.resize(size);
  const std::size_t got = ZSTD_decompress(batch.memory.data(), size, packed.data(), packed.size());
  return ZSTD_isError(got) == 0U && got == size;
}

}  // namespace

std::string Batch::id() const { return fmt::format("{}.{}.p{}.{}", sensor, epoch, partition, number); }

void append_record(std::vector<std::uint8_t>& body, const BatchRecord& before, const BatchRecord& record) {
  WireWriter out(body);
  const auto wrapped = [](std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  out.fixed(static_cast<std::uint8_t>(record.kind));
  out.varint(wrapped(before.merged, record.merged));
  out.signed_varint(static_cast<std::int64_t>(wrapped(record.merged, record.info.timestamp.ns)));
  out.varint(record.info.packet_number - before.info.packet_number);
  if (record.kind == BatchRecord::Kind::tick) return;
  out.varint(record.part);
  out.varint(static_cast<std::uint16_t>(record.link_type));
  out.varint(record.info.interface_index);
  if (record.kind == BatchRecord::Kind::frame) {
    out.sized(record.frame);
    out.varint(record.info.original_size - record.frame.size());
    return;
  }
  out.varint(record.info.captured_size);
  out.varint(record.info.original_size);
  append_segment(out, *record.segment);
}

std::vector<std::uint8_t> encode_batch(const Batch& batch, Bytes body, std::uint32_t count, bool compress) {
  std::vector<std::uint8_t> packed;
  if (compress && !body.empty()) {
    packed.resize(ZSTD_compressBound(body.size()));
    const std::size_t size = ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), 1);
    packed.resize(ZSTD_isError(size) != 0U || size >= body.size() ? 0 : size);
  }
  const Bytes sent = packed.empty() ? body : Bytes(packed);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(Batch::header_size + sent.size() + crc_size);
  WireWriter out(bytes);
  for (const char letter : batch_magic) out.fixed(static_cast<std::uint8_t>(letter));
  out.fixed(Batch::version);
  out.fixed(static_cast<std::uint8_t>(batch.kind));
  out.fixed(packed.empty() ? std::uint8_t{0} : compressed);
  out.fixed(std::uint8_t{0});
  out.fixed(batch.sensor);
  out.fixed(batch.epoch);
  out.fixed(batch.number);
  out.fixed(batch.partition);
  out.fixed(batch.partitions);
  out.fixed(batch.first);
  out.fixed(batch.last);
  out.fixed(batch.watermark);
  out.fixed(count);
  out.fixed(static_cast<std::uint32_t>(body.size()));
  out.bytes(sent);
  out.fixed(crc32c(bytes));
  return bytes;
}

std::vector<std::uint8_t> encode_batch(const Batch& batch, bool compress) {
  std::vector<std::uint8_t> body;
  BatchRecord before;
  for (const BatchRecord& record : batch.records) {
    append_record(body, before, record);
    before = record;
  }
  return encode_batch(batch, body, static_cast<std::uint32_t>(batch.records.size()), compress);
}

namespace {

// All before the records.
struct Head {
  Batch batch;
  bool packed = false;
  std::uint32_t count = 0;
  std::uint32_t size = 0;
  Bytes body;
};

// Requires: `in` is where the kind stands.
Result<Head> read_head(WireReader& in) {
  Head head;
  Batch& batch = head.batch;
  const auto kind = in.fixed<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(Batch::Kind::end)) return failure(ErrorCode::damaged, "unknown kind");
  batch.kind = static_cast<Batch::Kind>(kind);
  head.packed = (in.fixed<std::uint8_t>() & compressed) != 0;
  (void)in.fixed<std::uint8_t>();
  batch.sensor = in.fixed<std::uint16_t>();
  batch.epoch = in.fixed<std::uint32_t>();
  batch.number = in.fixed<std::uint64_t>();
  batch.partition = in.fixed<std::uint16_t>();
  batch.partitions = in.fixed<std::uint16_t>();
  batch.first = in.fixed<std::int64_t>();
  batch.last = in.fixed<std::int64_t>();
  batch.watermark = in.fixed<std::int64_t>();
  head.count = in.fixed<std::uint32_t>();
  head.size = in.fixed<std::uint32_t>();
  head.body = in.bytes(in.failed() ? 0 : in.size() - crc_size);
  if (in.failed() || head.size > body_size_max) return failure(ErrorCode::damaged, "wrong size");
  return head;
}

Result<Head> checked_head(Bytes bytes) {
  WireReader in(bytes);
  const Bytes start = in.bytes(batch_magic.size());
  if (in.failed() || !std::equal(start.begin(), start.end(), batch_magic.begin()))
    return failure(ErrorCode::damaged, "no magic number");
  if (const auto version = in.fixed<std::uint8_t>(); version != Batch::version) {
    return failure(ErrorCode::unsupported, fmt::format("version {}", version));
  }
  if (bytes.size() < Batch::header_size + crc_size) return failure(ErrorCode::damaged, "too short");
  const Bytes summed = bytes.first(bytes.size() - crc_size);
  if (WireReader(bytes.last(crc_size)).fixed<std::uint32_t>() != crc32c(summed)) {
    return failure(ErrorCode::damaged, "wrong CRC");
  }
  return read_head(in);
}

}  // namespace

Result<Batch> decode_batch_head(Bytes bytes) {
  auto head = checked_head(bytes);
  if (!head) return tl::make_unexpected(head.error());
  return std::move(head->batch);
}

Result<Batch> decode_batch(Bytes bytes) {
  auto head = checked_head(bytes);
  if (!head) return tl::make_unexpected(head.error());
  Batch& batch = head->batch;
  Bytes body = head->body;
  if (head->packed) {
    if (!unpack(batch, body, head->size)) return damaged("not to be unpacked");
    body = batch.memory;
  }
  if (body.size() != head->size || head->count > head->size / record_size_min) return damaged("wrong size");
  WireReader records(body);
  batch.records.reserve(head->count);
  for (std::uint32_t i = 0; i < head->count && !records.failed(); ++i) read_record(records, batch);
  if (records.failed() || !records.empty()) return damaged("records that make no sense");
  if (!batch.records.empty() &&
      (batch.records.front().merged != batch.first || batch.records.back().merged != batch.last)) {
    return damaged("other times than its records");
  }
  return std::move(head->batch);
}

}  // namespace restitch::cluster
