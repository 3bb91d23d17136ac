// ObjectFiles: a folder into which every object that analyzers find is written as a file, with an index of
// one JSON object a line. Nothing is written outside the folder, and nothing that was there is changed.
// ObjectSinks hands what is found to it. It must outlive the pool of their streams. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "restitch/app/analyzed_stream.h"
#include "restitch/output_files.h"
#include "restitch/output_folder.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

struct ObjectFilesOptions {
  // What may be written at all. Objects beyond get no file, and bytes none has room for are left out.
  std::uint64_t files_max = ExtractionOptions::unlimited;
  std::uint64_t bytes_max = ExtractionOptions::unlimited;
  std::uint64_t file_bytes_max = ExtractionOptions::unlimited;
  std::uint16_t community_seed = 0;
  FileLimits limits{};
};

struct ObjectCounts {
  std::uint64_t objects = 0;  // that had bytes
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;             // in them, as far as the system took them
  std::uint64_t incomplete = 0;        // of the objects
  std::uint64_t objects_left_out = 0;  // because of files_max …
  std::uint64_t bytes_left_out =
      0;  // … and bytes of them, or for which bytes_max and file_bytes_max had no room
};

// A file is called after the connection's number, the object's in it, its protocol, and the name that the
// sender gave it, of which only letters, digits, ".", "-" and "_" are left: "12-3-http-logo.png". Bytes of
// gaps are holes in the file, which read as zeros. A file's time is that of the packet with its last byte.
// Each line of index.jsonl has these; what is unknown or does not apply is left out.
//
// - file: its name; file_size, and sha256 of what is in it.
// - connection, uid, community_id; src, which sent it, and dst.
// - protocol ("http"), and layer: what it came out of ("tls").
// - url, name and type as the sender has them; media_type: what its first bytes look like.
// - transaction of HTTP, from 1; coding: what was taken off it.
// - size: decoded, without gaps; wire_size: as it was sent; declared_size: as it was announced.
// - gaps: [[offset,size],…] in the file.
// - truncated: not all of it is there; over_limit, undecodable: why.
// - stream: [first,last], the range of the stream that it came from, last excluded.
// - packets: [[first,last],…], the numbers of those that brought it; at most 1,000 ranges, and
//   packets_unlisted more.
// - begun, ended: times of the packets with its first and last byte.
class ObjectFiles {
 public:
  static constexpr std::string_view index_name = "index.jsonl";

  // Fails, having written nothing, if the folder holds an index already.
  static Result<std::unique_ptr<ObjectFiles>> open(OutputFolder folder,
                                                   const ObjectFilesOptions& options = {});
  ObjectFiles(const ObjectFiles&) = delete;
  ObjectFiles& operator=(const ObjectFiles&) = delete;
  ~ObjectFiles();

  // Writes out what waits, so that it is there even if this process is killed.
  void flush();
  // The same, after the pool's flush_all(); nothing may follow.
  void finish();

  // The first thing that went wrong, such as a full disk; from then on nothing is written.
  [[nodiscard]] const std::optional<Error>& error() const;
  [[nodiscard]] ObjectCounts counts() const;

 private:
  friend class ObjectCollector;
  struct State;
  explicit ObjectFiles(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// `wanted` says of which connections objects are written.
class ObjectSinks final : public FindingsSinks {
 public:
  using Wanted = std::function<bool(const ConnectionSummary&)>;

  explicit ObjectSinks(ObjectFiles& files, Wanted wanted = {}) : files_(files), wanted_(std::move(wanted)) {}

  std::unique_ptr<FindingsSink> make(ConnectionLog& log, const ConnectionSummary& summary) override;

 private:
  ObjectFiles& files_;
  Wanted wanted_;
};

}  // namespace restitch
