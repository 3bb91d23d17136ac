// Carry: what a map task leaves to reduce besides lines: how its file ended, which tuples it holds, and the
// segments of those that may go on in another file. CarryWriter writes it, CarryReader reads it. Hostile
// files are an error. One thread.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "batch/border.h"
#include "batch/byte_text.h"
#include "batch/dissector.h"
#include "batch/result_file.h"
#include "batch/tuples.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

// Of a file, as its map task saw it.
struct FileFacts {
  std::uint64_t manifest_digest = 0;
  std::uint64_t task = 0;
  std::uint64_t records = 0;
  Timestamp earliest;  // of all records, also of those that the filter leaves out
  Timestamp latest;
  std::uint64_t lines = 0;    // of its map file
  std::uint64_t limited = 0;  // how often a limit of all connections acted
  std::string damage;         // one line; empty: none
};

class CarryWriter {
 public:
  CarryWriter(ResultFile& file, const FileFacts& facts, const Border& end, const Tuples& tuples,
              const DomainTable& domains);

  void append(const FoundSegment& segment, std::uint32_t tuple);
  void finish();

 private:
  ResultFile& file_;
  std::string text_;  // scratch
};

class CarryReader {
 public:
  // Reads all but the segments. `domains` numbers the domains of the tuples. Errors: io, damaged.
  static Result<CarryReader> open(const std::string& path, DomainTable& domains);
  // The facts alone.
  static Result<FileFacts> facts_of(const std::string& path);

  [[nodiscard]] const FileFacts& facts() const { return facts_; }
  [[nodiscard]] const Border& end() const { return end_; }
  [[nodiscard]] const Tuples& tuples() const { return tuples_; }

  struct Carried {
    FoundSegment segment;  // its bytes live until the next call
    std::uint32_t tuple = 0;
  };
  // False: there are no more, or failure() says why.
  bool next(Carried& carried);
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  explicit CarryReader(std::ifstream in) : in_(std::move(in)) {}
  bool read_piece(std::string& piece);
  bool read_facts(std::uint32_t& fragments, std::uint32_t& tuples);
  bool read_head(DomainTable& domains);
  bool read_tuples(DomainTable& domains);
  bool take_segment(ByteText& text, Carried& carried);

  std::ifstream in_;
  FileFacts facts_;
  Border end_;
  Tuples tuples_;
  std::vector<NetFlow> flows_;  // by tuple, from its low end to its high one
  std::string piece_;
  std::string failure_;
};

}  // namespace batch
}  // namespace restitch
