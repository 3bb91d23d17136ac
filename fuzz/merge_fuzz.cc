// Any bytes as up to four captures that are merged: each begins with its length. The merged records
// are those of the inputs, each input's in its own order, and in order of time where the inputs are.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "capture/open_source.h"
#include "restitch/capture_inputs.h"
#include "unit/capture/capture_invariants.h"

namespace {

using namespace restitch;
using restitch::testing::MemorySource;
using restitch::testing::require;

constexpr std::size_t inputs_max = 4;

Result<std::unique_ptr<CaptureReader>> open(Bytes bytes, std::size_t piece) {
  return open_source(std::make_unique<MemorySource>(bytes, piece), {std::size_t{1} << 12});
}

// The first byte of a part is its length in units of 16; the last one takes the rest.
std::vector<Bytes> split(Bytes bytes) {
  std::vector<Bytes> parts;
  while (!bytes.empty() && parts.size() + 1 < inputs_max) {
    const std::size_t size = std::min(bytes.size() - 1, bytes.front() * std::size_t{16});
    parts.push_back(bytes.subspan(1, size));
    bytes = bytes.subspan(1 + size);
  }
  parts.push_back(bytes);
  std::erase_if(parts, [](Bytes part) { return is_compressed(part); });
  return parts;
}

struct Expected {
  std::vector<Timestamp> times;
  std::size_t next = 0;  // to come
  bool sorted() const { return std::is_sorted(times.begin(), times.end()); }
};

std::vector<Expected> read_alone(const std::vector<Bytes>& parts) {
  std::vector<Expected> all;
  for (const Bytes part : parts) {
    Expected& expected = all.emplace_back();
    const auto reader = open(part, part.size() + 1);
    while (reader && !(*reader)->finished()) {
      for (const Record& record : (*reader)->next_batch()) expected.times.push_back(record.info.timestamp);
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<Bytes> parts = split(Bytes(data + 1, size - 1));
  std::vector<Expected> alone = read_alone(parts);
  const bool sorted = std::all_of(alone.begin(), alone.end(), [](const Expected& e) { return e.sorted(); });
  std::vector<MergeInput> inputs;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // Known first times make an input open late, and must not change what comes.
    const bool known = (data[0] >> i & 1) != 0 && !alone[i].times.empty();
    inputs.push_back({"input", known ? alone[i].times.front() : Timestamp{}, std::nullopt,
                      [part = parts[i], piece = 1 + data[0] % 64u] { return open(part, piece); }});
  }
  MergedReader merged(std::move(inputs));
  Timestamp last{INT64_MIN};
  while (!merged.finished()) {
    for (const Record& record : merged.next_batch()) {
      require(record.info.source_index < alone.size(), "the source is one of the inputs");
      Expected& source = alone[record.info.source_index];
      require(source.next < source.times.size(), "no record comes that the input does not have");
      require(source.times[source.next++] == record.info.timestamp, "an input keeps its order");
      require(!sorted || last <= record.info.timestamp, "sorted inputs come in order of time");
      require(record.info.interface_index < merged.metadata().interfaces.size(), "the interface is known");
      last = record.info.timestamp;
    }
  }
  for (const Expected& source : alone) {
    require(source.next == source.times.size(), "every record comes");
  }
  require(merged.ends().size() == parts.size(), "each input says how it ended");
  return 0;
}
