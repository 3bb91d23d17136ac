// SmbRun: what is read from an open file, or what is written to it, as objects: the bytes in the order of
// their offsets. Those that come ahead of others are held, as far as there is room; what is skipped is a gap.
// What is read twice counts once; what is written again, or lies in a gap that was told, begins another
// object. Owned by an SmbFile; room and findings are lent for the call. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "app/smb_room.h"
#include "restitch/app/findings.h"

namespace restitch {

class SmbRun {
 public:
  // What is known of the file.
  struct About {
    std::string_view name;
    std::optional<std::uint64_t> size;
  };

  explicit SmbRun(TcpFlowDirection direction) : direction_(direction) {}

  // Bytes at `offset` of the file.
  void data(Findings& findings, SmbRoom& room, const About& about, std::uint64_t offset, Bytes bytes,
            const Origin& origin);
  // … that were not captured. They belong to the object that is open, if there is one.
  void gap(Findings& findings, SmbRoom& room, std::uint64_t offset, std::uint64_t size);
  // Nothing more comes. `closed`: the client closed the file. Requires: it is called before it is destroyed.
  void end(Findings& findings, SmbRoom& room, const About& about, bool closed);

 private:
  struct Piece {
    std::vector<std::uint8_t> bytes;
    Origin origin;
  };
  using Pieces = std::map<std::uint64_t, Piece>;

  static constexpr std::size_t piece_overhead = 128;

  [[nodiscard]] bool is_read() const { return direction_ == TcpFlowDirection::server_to_client; }
  void begin(Findings& findings, const About& about, const Origin& origin);
  void finish(Findings& findings, SmbRoom& room, const About& about, bool closed);
  [[nodiscard]] bool held_at(std::uint64_t offset, std::size_t size) const;
  void hold(Findings& findings, SmbRoom& room, std::uint64_t offset, Bytes bytes, const Origin& origin);
  // What is held and goes on at next_; `all`: and what lies behind gaps.
  void release(Findings& findings, SmbRoom& room, bool all);
  void release_first(Findings& findings, SmbRoom& room);
  void skip_to(Findings& findings, std::uint64_t offset);
  void emit(Findings& findings, Bytes bytes, Origin origin);

  TcpFlowDirection direction_;
  std::optional<ObjectNumber> object_;
  std::uint64_t next_ = 0;      // offset: all before it was told
  std::uint64_t gap_end_ = 0;   // … and all from here on is there
  std::uint64_t lost_end_ = 0;  // up to here something was not captured
  ObjectEnd end_;
  Pieces held_;
};

}  // namespace restitch
