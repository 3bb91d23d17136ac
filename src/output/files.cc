#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "output/file_store.h"
#include "output/text.h"
#include "restitch/output_files.h"
#include "restitch/output_json.h"

namespace restitch {

// How often each name was wanted that was wanted more than once, so that the hundred-thousandth repeat need
// not try all the others.
struct Extraction::Names {
  // A node, its bucket, and a name of usual length.
  static constexpr std::size_t cost = 160;

  std::unordered_map<std::string, std::uint32_t> repeats;
};

Result<std::unique_ptr<Extraction>> Extraction::open(const std::string& directory,
                                                     const ExtractionOptions& options) {
  auto folder = OutputFolder::open(directory);
  if (!folder) return tl::unexpected(folder.error());
  return open(std::move(*folder), options);
}

Result<std::unique_ptr<Extraction>> Extraction::open(OutputFolder folder, const ExtractionOptions& options) {
  const std::string directory = folder.path();
  auto store = std::make_unique<FileStore>(std::move(folder), options.limits);
  const auto index = store->create(std::string(index_name));
  if (!index) {
    if (store->error()) return tl::unexpected(*store->error());
    return failure(ErrorCode::io, fmt::format("{}/{} is there already, of an earlier extraction; nothing is "
                                              "overwritten: give another folder",
                                              directory, index_name));
  }
  return std::make_unique<Extraction>(std::move(store), *index, options);
}

Extraction::Extraction(std::unique_ptr<FileStore> store, std::uint32_t index,
                       const ExtractionOptions& options)
    : store_(std::move(store)), index_(index), options_(options), names_(std::make_unique<Names>()) {}

Extraction::~Extraction() = default;

void Extraction::index_end(const ConnectionSummary& summary) {
  line_.clear();
  append_connection_json(line_, summary, more_, options_.community_seed);
  for (std::string& more : more_) more.clear();
  store_->append(index_, as_bytes(line_));
}

void Extraction::flush() { store_->flush_all(); }

std::uint64_t Extraction::admit(std::uint64_t size, std::uint64_t file_size) {
  const std::uint64_t room = options_.file_bytes_max - std::min(file_size, options_.file_bytes_max);
  const std::uint64_t admitted = std::min({size, room, options_.bytes_max - admitted_});
  admitted_ += admitted;
  return admitted;
}

bool Extraction::admit_zeros(std::uint64_t size, std::uint64_t file_size, std::uint64_t& zeros_of_direction) {
  const std::uint64_t room = options_.file_bytes_max - std::min(file_size, options_.file_bytes_max);
  if (size > options_.zeros_max - zeros_of_direction || size > options_.zeros_total_max - counts_.zeros ||
      size > options_.bytes_max - admitted_ || size > room) {
    return false;
  }
  zeros_of_direction += size;
  counts_.zeros += size;
  admitted_ += size;
  return true;
}

// Counts memory of lists. False: from now on it is too much.
bool Extraction::list(std::size_t size) {
  listed_ += size;
  return listed_ <= options_.limits.listed_max;
}

// What streams left open, their connections' ends have closed.
void Extraction::finish() {
  store_->flush_all();
  index_size_ = store_->written(index_);
  store_->close(index_);
  finished_ = true;
}

ExtractionCounts Extraction::counts() const {
  ExtractionCounts counts = counts_;
  counts.bytes = store_->written() - (finished_ ? index_size_ : store_->written(index_));
  return counts;
}

const std::optional<Error>& Extraction::error() const { return store_->error(); }

std::optional<std::uint32_t> Extraction::create(const ConnectionSummary& summary, TcpFlowDirection direction,
                                                std::string_view suffix) {
  StreamName name{.source = summary.net.source,
                  .destination = summary.net.destination,
                  .source_port = summary.transport.source_port,
                  .destination_port = summary.transport.destination_port,
                  .vlan = summary.direction(direction).vlan,
                  .first_seen = summary.direction(direction).first_seen,
                  .number = counts_.files};
  if (direction == TcpFlowDirection::server_to_client) {
    std::swap(name.source, name.destination);
    std::swap(name.source_port, name.destination_port);
  }
  const std::string plain = options_.names.expand(name);
  const auto known = names_->repeats.find(plain);
  if (known == names_->repeats.end()) {
    if (const auto file = store_->create(plain + std::string(suffix))) {
      ++counts_.files;
      return file;
    }
  }
  // Who begins anew finds the next free name by trying.
  if (known == names_->repeats.end() && names_->repeats.size() * Names::cost > options_.limits.names_max) {
    names_->repeats.clear();
  }
  return create_repeat(name, plain, suffix);
}

std::optional<std::uint32_t> Extraction::create_repeat(StreamName& name, const std::string& plain,
                                                       std::string_view suffix) {
  std::uint32_t& repeats = names_->repeats[plain];
  while (!error()) {
    name.repeats = ++repeats;
    if (const auto file = store_->create(options_.names.expand(name).append(suffix))) {
      ++counts_.files;
      return file;
    }
  }
  return std::nullopt;
}

void FileStream::reassembled_sg(ScatterGather& sg, AssemblerContext& context) {
  notes_.reassembled_sg(sg, context);
  if (!written_) return;
  Side& side = sides_[static_cast<std::size_t>(sg.info().direction)];
  if (sg.info().skip > 0) side.gap += static_cast<std::uint64_t>(sg.info().skip);
  if (sg.lengths().available != 0) take(side, sg);
  if (sg.info().end && side.fin && !reset_ && extraction_->options_.index_directions) {
    index_side(sg.info().direction);
  }
}

void FileStream::take(Side& side, const ScatterGather& sg) {
  ExtractionCounts& counts = extraction_->counts_;
  if (!side.file && !side.refused && !extraction_->may_create()) {
    side.refused = true;
    ++counts.streams_left_out;
  }
  if (side.refused) {
    counts.bytes_left_out += sg.lengths().available;
  } else if (!settle_gap(side)) {
    counts.bytes_after_stop += sg.lengths().available;
  } else {
    if (!side.file) side.file = extraction_->create(notes_.summary(), sg.info().direction);
    if (side.file) write(side, sg);
  }
}

// Answers whether the bytes behind the gap are wanted. A gap at the very start needs a file before it.
bool FileStream::settle_gap(Side& side) {
  Extraction& extraction = *extraction_;
  if (side.gap == 0 || side.stopped) return !side.stopped;
  if (extraction.options_.gaps == GapMode::stop) {
    side.stopped = true;
    return false;
  }
  if (extraction.options_.gaps == GapMode::skip) {
    side.gap = 0;
  } else if (!extraction.admit_zeros(side.gap, side.file ? extraction.store_->size(*side.file) : 0,
                                     side.zeros)) {
    ++extraction.counts_.gaps_not_filled;
    side.gap = 0;
  }
  return true;
}

void FileStream::write(Side& side, const ScatterGather& sg) {
  extraction_->store_->skip(*side.file, std::exchange(side.gap, 0));
  for (const ScatterGather::Chunk& chunk : sg.chunks()) {
    write_chunk(side, sg.info().offset + chunk.offset, chunk);
  }
}

void FileStream::write_chunk(Side& side, std::uint64_t stream_offset, const ScatterGather::Chunk& chunk) {
  constexpr std::size_t runs_max = 128;
  FileStore& store = *extraction_->store_;
  const std::uint64_t size = store.size(*side.file);
  const Bytes bytes =
      side.refused ? Bytes() : chunk.bytes.first(extraction_->admit(chunk.bytes.size(), size));
  extraction_->counts_.bytes_left_out += chunk.bytes.size() - bytes.size();
  // What follows would stand in the place of what is left out.
  if (bytes.size() < chunk.bytes.size()) side.refused = true;
  if (bytes.empty()) return;
  const Run run{size,
                stream_offset,
                bytes.size(),
                chunk.info->timestamp,
                chunk.info->packet_number,
                chunk.info->source_index,
                chunk.info->interface_index,
                chunk.transmission};
  store.append(*side.file, bytes, chunk.info->timestamp);
  note(side, side.runs, run, runs_max);
}

// Puts it on a list; when that, or all lists together, are full, into the index.
template <class Item>
void FileStream::note(Side& side, std::vector<Item>& list, Item item, std::size_t items_max) {
  const std::size_t before = list.capacity();
  list.push_back(item);
  const bool room = extraction_->list((list.capacity() - before) * sizeof(Item));
  if (side.file && (!room || list.size() >= items_max)) index_runs(side);
}

template <class Item>
void FileStream::forget(std::vector<Item>& list) {
  extraction_->unlist(list.capacity() * sizeof(Item));
  list = std::vector<Item>();  // with its capacity, which = {} would keep
}

void FileStream::on_event(const Event& event) {
  if (event.kind == EventKind::roles_swapped) std::swap(sides_[0], sides_[1]);
  notes_.on_event(event);
  if (!written_ || event.kind != EventKind::other_copy) return;
  constexpr std::size_t copies_max = 1024;
  Side& side = sides_[static_cast<std::size_t>(event.direction)];
  // Of a stream without a file, so far, they wait for it.
  if (!side.file && (side.copies.size() >= copies_max || !extraction_->list(0))) {
    ++side.copies_unlisted;
    return;
  }
  const Copy copy{event.offset, event.size, event.info.timestamp, event.info.packet_number};
  note(side, side.copies, copy, copies_max);
}

bool FileStream::reassembly_complete(AssemblerContext* context, EndReason reason) {
  ConnectionSummary& summary = notes_.summary();
  summary.end = reason;
  for (std::size_t direction = 0; direction < sides_.size(); ++direction) {
    Side& side = sides_[direction];
    if (side.file && (!side.indexed || side.has_news())) append_file(extraction_->more_[direction], side);
  }
  extraction_->index_end(summary);
  for (Side& side : sides_) {
    if (side.file) extraction_->store_->close(*side.file);
    forget(side.runs);
    forget(side.copies);
  }
  return notes_.reassembly_complete(context, reason);
}

// ---- the index -------------------------------------------------------------------------------------

// ,{"source":1,"sent":"late"}
void FileStream::append_origin(std::string& out, const Run& run) {
  char separator = '{';
  const auto append = [&](std::string_view name, auto value) {
    fmt::format_to(std::back_inserter(out), "{}{}\"{}\":{}", separator == '{' ? "," : "", separator, name,
                   value);
    separator = ',';
  };
  if (run.source != 0) append("source", run.source);
  if (run.interface != 0) append("interface", run.interface);
  if (run.transmission != Transmission::first) {
    append("sent", fmt::format("\"{}\"", to_string(run.transmission)));
  }
  if (separator == ',') out += '}';
}

void FileStream::append_copies(std::string& out, Side& side) {
  const char* separator = R"(,"copies":[)";
  for (const Copy& copy : side.copies) {
    fmt::format_to(std::back_inserter(out), "{}[{},{},", std::exchange(separator, ","), copy.stream_offset,
                   copy.size);
    append_json_time(out, copy.time);
    fmt::format_to(std::back_inserter(out), ",{}]", copy.packet_number);
  }
  if (!side.copies.empty()) out += ']';
  if (side.copies_unlisted != 0) {
    fmt::format_to(std::back_inserter(out), R"(,"copies_unlisted":{})", side.copies_unlisted);
  }
  forget(side.copies);
  side.copies_unlisted = 0;
}

void FileStream::append_runs(std::string& out, Side& side) {
  out += R"("runs":[)";
  for (const Run& run : side.runs) {
    out += '[';
    for (const std::uint64_t number : {run.file_offset, run.stream_offset, run.size}) {
      append_number(out, number);
      out += ',';
    }
    append_json_time(out, run.time);
    out += ',';
    append_number(out, run.packet_number);
    append_origin(out, run);
    out += "],";
  }
  if (!side.runs.empty()) out.pop_back();
  out += ']';
  forget(side.runs);
  append_copies(out, side);
}

// Its bytes are all there. (A reset ends the connection, and the lines come with that.)
void FileStream::index_side(TcpFlowDirection direction) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  if (!side.file || side.indexed) return;
  append_file(extraction_->more_[static_cast<std::size_t>(direction)], side);
  ConnectionSummary& summary = notes_.summary();
  const EndReason end = std::exchange(summary.end, EndReason::fin);
  extraction_->index_end(summary);
  summary.end = end;
  side.indexed = true;
}

// The index never tells more than the files hold: who is killed in between leaves it true.
void FileStream::index_runs(Side& side) {
  FileStore& store = *extraction_->store_;
  store.flush(*side.file);
  std::string& line = extraction_->line_;
  line = R"({"file":)";
  append_json_string(line, store.name(*side.file));
  line += ',';
  append_runs(line, side);
  line += "}\n";
  store.append(extraction_->index_, as_bytes(line));
}

void FileStream::append_file(std::string& out, Side& side) {
  FileStore& store = *extraction_->store_;
  store.flush(*side.file);
  out += R"("file":)";
  append_json_string(out, store.name(*side.file));
  out += R"(,"file_size":)";
  append_number(out, store.size(*side.file));
  out += ',';
  append_runs(out, side);
}

}  // namespace restitch
