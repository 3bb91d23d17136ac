#include "batch/carry.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <utility>

#include "batch/carry_segment.h"

namespace restitch::batch {
namespace {

constexpr std::string_view magic = "restitch carry 1\n";
// Of one piece: the largest is that of a record.
constexpr std::uint32_t piece_size_max = std::uint32_t{1} << 30;
constexpr std::size_t tuples_in_piece = 4096;

std::string_view text_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

void append_facts(std::string& out, const FileFacts& facts) {
  append_bytes(out, facts.manifest_digest);
  append_bytes(out, facts.task);
  append_bytes(out, facts.records);
  append_bytes(out, facts.earliest.ns);
  append_bytes(out, facts.latest.ns);
  append_bytes(out, facts.lines);
  append_bytes(out, facts.limited);
  append_text(out, facts.damage);
}

void take_facts(ByteText& text, FileFacts& facts) {
  facts.manifest_digest = text.take<std::uint64_t>();
  facts.task = text.take<std::uint64_t>();
  facts.records = text.take<std::uint64_t>();
  facts.earliest.ns = text.take<std::int64_t>();
  facts.latest.ns = text.take<std::int64_t>();
  facts.lines = text.take<std::uint64_t>();
  facts.limited = text.take<std::uint64_t>();
  facts.damage = text.take_text();
}

void append_border(std::string& out, const Border& border) {
  append_bytes(out, border.clock.reference.ns);
  append_bytes(out, border.clock.elapsed.ticks);
  append_bytes(out, std::int32_t{border.clock.strays});
  append_bytes(out, std::uint8_t{border.cut});
  for (const auto& copies : border.copies) append_text(out, text_of(copies.data(), copies.size()));
  append_bytes(out, static_cast<std::uint32_t>(border.fragments.size()));
}

void take_border(ByteText& text, Border& border, std::uint32_t& fragments) {
  border.clock.reference.ns = text.take<std::int64_t>();
  border.clock.elapsed.ticks = text.take<std::int64_t>();
  border.clock.strays = text.take<std::int32_t>();
  border.cut = text.take<std::uint8_t>() != 0;
  for (auto& copies : border.copies) {
    const std::string_view memory = text.take_text();
    const auto* const data = reinterpret_cast<const std::byte*>(memory.data());
    copies.assign(data, data + memory.size());
  }
  fragments = text.take<std::uint32_t>();
}

std::string fragment_text(const KeptRecord& kept) {
  std::string out;
  append_bytes(out, kept.info.timestamp.ns);
  append_bytes(out, kept.info.packet_number);
  append_bytes(out, kept.info.original_size);
  append_bytes(out, static_cast<std::uint16_t>(kept.link_type));
  append_text(out, text_of(kept.frame.data(), kept.frame.size()));
  return out;
}

bool take_fragment(ByteText text, KeptRecord& kept) {
  kept.info.timestamp.ns = text.take<std::int64_t>();
  kept.info.packet_number = text.take<std::uint64_t>();
  kept.info.original_size = text.take<std::uint32_t>();
  kept.link_type = static_cast<LinkType>(text.take<std::uint16_t>());
  const std::string_view frame = text.take_text();
  kept.frame.assign(frame.begin(), frame.end());
  kept.info.captured_size = static_cast<std::uint32_t>(frame.size());
  return !text.failed() && kept.info.captured_size <= kept.info.original_size;
}

constexpr std::uint64_t without_domain = 0x80000000FFFFFFFF;

void append_tuple(std::string& out, const Tuple& tuple, const DomainTable& domains) {
  for (const std::uint64_t word : tuple.key.addresses) append_bytes(out, word);
  append_bytes(out, tuple.key.ports_and_domain & without_domain);
  const auto domain = static_cast<std::uint32_t>(tuple.key.ports_and_domain >> 32 & 0x7FFFFFFF);
  const std::vector<std::uint64_t>* const known = domains.ids_of(domain);
  const std::vector<std::uint64_t> ids = known == nullptr ? std::vector<std::uint64_t>() : *known;
  append_bytes(out, static_cast<std::uint32_t>(ids.size()));
  for (const std::uint64_t id : ids) append_bytes(out, id);
  append_bytes(out, tuple.first.ns);
  append_bytes(out, tuple.last.ns);
  append_bytes(out, tuple.first_elapsed.ticks);
  append_bytes(out, tuple.last_elapsed.ticks);
  append_bytes(out, tuple.open);
  append_bytes(out, std::uint8_t{tuple.carried});
}

Tuple take_tuple(ByteText& text, DomainTable& domains) {
  Tuple tuple;
  for (std::uint64_t& word : tuple.key.addresses) word = text.take<std::uint64_t>();
  tuple.key.ports_and_domain = text.take<std::uint64_t>() & without_domain;
  std::vector<std::uint64_t> ids;
  for (auto left = text.take<std::uint32_t>(); left > 0 && !text.failed(); --left) {
    ids.push_back(text.take<std::uint64_t>());
  }
  tuple.key.ports_and_domain |= std::uint64_t{domains.number_of(ids) & 0x7FFFFFFF} << 32;
  tuple.first.ns = text.take<std::int64_t>();
  tuple.last.ns = text.take<std::int64_t>();
  tuple.first_elapsed.ticks = text.take<std::int64_t>();
  tuple.last_elapsed.ticks = text.take<std::int64_t>();
  tuple.open = text.take<std::uint32_t>();
  tuple.carried = text.take<std::uint8_t>() != 0;
  return tuple;
}

NetFlow flow_of(const TupleKey& key) {
  using Words = std::array<std::uint64_t, 2>;
  NetFlow net;
  net.source.bytes = std::bit_cast<std::array<std::uint8_t, 16>>(Words{key.addresses[0], key.addresses[1]});
  net.destination.bytes =
      std::bit_cast<std::array<std::uint8_t, 16>>(Words{key.addresses[2], key.addresses[3]});
  net.source.version = net.destination.version = key.is_ipv6() ? 6 : 4;
  net.domain = static_cast<std::uint32_t>(key.ports_and_domain >> 32 & 0x7FFFFFFF);
  return net;
}

Error damage() { return {ErrorCode::damaged, "is not what a map task writes, or was cut off"}; }

void append_piece(ResultFile& file, std::string_view piece) {
  std::string size;
  append_bytes(size, static_cast<std::uint32_t>(piece.size()));
  file.append(size);
  file.append(piece);
}

}  // namespace

CarryWriter::CarryWriter(ResultFile& file, const FileFacts& facts, const Border& end, const Tuples& tuples,
                         const DomainTable& domains)
    : file_(file) {
  file_.append(magic);
  append_facts(text_, facts);
  append_border(text_, end);
  append_bytes(text_, tuples.size());
  append_piece(file_, text_);
  for (const KeptRecord& kept : end.fragments) append_piece(file_, fragment_text(kept));
  for (std::uint32_t i = 0; i < tuples.size();) {
    text_.clear();
    for (std::size_t n = 0; n < tuples_in_piece && i < tuples.size(); ++n)
      append_tuple(text_, tuples[i++], domains);
    append_piece(file_, text_);
  }
}

void CarryWriter::append(const FoundSegment& segment, std::uint32_t tuple) {
  text_.clear();
  append_bytes(text_, tuple);
  append_segment(text_, segment);
  append_piece(file_, text_);
}

void CarryWriter::finish() { append_piece(file_, {}); }

Result<CarryReader> CarryReader::open(const std::string& path, DomainTable& domains) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return restitch::failure(ErrorCode::io, "cannot be read");
  CarryReader reader(std::move(in));
  if (!reader.read_head(domains)) return tl::unexpected(damage());
  return reader;
}

// A hostile size takes no more memory than there are bytes.
bool CarryReader::read_piece(std::string& piece) {
  std::string size(sizeof(std::uint32_t), '\0');
  piece.clear();
  if (!in_.read(size.data(), static_cast<std::streamsize>(size.size()))) return false;
  std::size_t left = ByteText(size).take<std::uint32_t>();
  if (left > piece_size_max) return false;
  constexpr std::size_t step = std::size_t{1} << 20;
  while (left > 0) {
    const std::size_t before = piece.size();
    piece.resize(before + std::min(left, step));
    if (!in_.read(piece.data() + before, static_cast<std::streamsize>(piece.size() - before))) return false;
    left -= piece.size() - before;
  }
  return true;
}

Result<FileFacts> CarryReader::facts_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return restitch::failure(ErrorCode::io, "cannot be read");
  CarryReader reader(std::move(in));
  std::uint32_t fragments = 0;
  std::uint32_t tuples = 0;
  if (!reader.read_facts(fragments, tuples)) return tl::unexpected(damage());
  return reader.facts_;
}

bool CarryReader::read_facts(std::uint32_t& fragments, std::uint32_t& tuples) {
  std::string begin(magic.size(), '\0');
  if (!in_.read(begin.data(), static_cast<std::streamsize>(begin.size())) || begin != magic) return false;
  if (!read_piece(piece_)) return false;
  ByteText text(piece_);
  take_facts(text, facts_);
  take_border(text, end_, fragments);
  tuples = text.take<std::uint32_t>();
  return !text.failed() && text.at_end();
}

bool CarryReader::read_head(DomainTable& domains) {
  std::uint32_t fragments = 0;
  std::uint32_t tuples = 0;
  if (!read_facts(fragments, tuples)) return false;
  std::string piece;
  for (; fragments > 0; --fragments) {
    KeptRecord kept;
    if (!read_piece(piece) || !take_fragment(ByteText(piece), kept)) return false;
    end_.fragments.push_back(std::move(kept));
  }
  while (tuples_.size() < tuples) {
    if (!read_tuples(domains)) return false;
  }
  return tuples_.size() == tuples;
}

// No tuple comes twice.
bool CarryReader::read_tuples(DomainTable& domains) {
  if (!read_piece(piece_)) return false;
  ByteText text(piece_);
  while (!text.at_end() && !text.failed()) {
    const Tuple tuple = take_tuple(text, domains);
    const std::uint32_t next = tuples_.size();
    if (text.failed() || tuples_.number_of(tuple.key) != next) return false;
    tuples_[next] = tuple;
    flows_.push_back(flow_of(tuple.key));
  }
  return !piece_.empty() && !text.failed();
}

bool CarryReader::take_segment(ByteText& text, Carried& carried) {
  carried.tuple = text.take<std::uint32_t>();
  if (text.failed() || carried.tuple >= tuples_.size()) return false;
  const std::uint64_t ports = tuples_[carried.tuple].key.ports_and_domain;
  const TransportFlow flow{static_cast<std::uint16_t>(ports), static_cast<std::uint16_t>(ports >> 16)};
  return batch::take_segment(text, flows_[carried.tuple], flow, carried.segment) && text.at_end();
}

bool CarryReader::next(Carried& carried) {
  if (!failure_.empty()) return false;
  if (read_piece(piece_)) {
    if (piece_.empty()) return false;
    ByteText text(piece_);
    if (take_segment(text, carried)) return true;
  }
  failure_ = "is damaged, or was cut off";
  return false;
}

}  // namespace restitch::batch
