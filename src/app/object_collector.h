// ObjectCollector: writes the objects of one connection into ObjectFiles, which it borrows. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <utility>
#include <vector>

#include "app/digests.h"
#include "app/object_files_state.h"
#include "app/packet_ranges.h"
#include "restitch/app/findings.h"

namespace restitch {

class ObjectCollector final : public FindingsSink {
 public:
  explicit ObjectCollector(ObjectFiles& files) : to_(*files.state_) {}

  void record(const FindingPlace& /*place*/, const AppRecord& /*record*/) override {}
  void begin_object(const FindingPlace& place, ObjectNumber object, const ObjectHead& head) override;
  void object_data(const FindingPlace& place, ObjectNumber object, Bytes bytes,
                   const Origin& origin) override;
  void object_gap(const FindingPlace& place, ObjectNumber object, std::uint64_t size) override;
  void end_object(const FindingPlace& place, ObjectNumber object, const ObjectEnd& end) override;

 private:
  struct Open {
    ObjectNumber number = 0;
    ObjectHead head;
    std::string layer;
    std::optional<FileStore::Id> file;  // once it has bytes, and there is room for a file
    bool left_out = false;
    Digests digest{false, false, true};
    std::vector<std::uint8_t> first_bytes;
    std::vector<Gap> gaps;
    std::uint64_t gaps_unlisted = 0;
    std::uint64_t size = 0;      // without gaps
    std::uint64_t position = 0;  // with them
    std::uint64_t stream_begin = 0;
    std::uint64_t stream_end = 0;
    PacketRanges packets;
    Timestamp begun;
    Timestamp ended;
  };

  static constexpr std::size_t gaps_max = 1'000;

  Open* find(ObjectNumber object);
  bool make_file(const FindingPlace& place, Open& open);
  void write(Open& open, Bytes bytes, Timestamp time);
  void index(const FindingPlace& place, Open& open, const ObjectEnd& end);

  ObjectFiles::State& to_;
  std::list<Open> open_;  // the one that grew last first
};

}  // namespace restitch
