// Manifest: which captures a batch is about, in order of time, and how they are to be read: one task a file.
// It is written once, as JSON Lines, and read by every task. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

struct ManifestFile {
  std::string path;
  std::uint64_t size = 0;
  Timestamp first;  // of its first record; 0: it has none, or that has no time

  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

struct Manifest {
  static constexpr std::uint64_t format = 1;

  std::vector<std::string> arguments;  // flags of the command, as they were given
  std::vector<ManifestFile> files;     // task 1 is the first one

  // Errors: damaged, one line that names the line of the text.
  static Result<Manifest> parse(std::string_view text);

  // Error: invalid_argument, for a name that JSON cannot hold.
  [[nodiscard]] Result<std::string> text() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// What a task writes says which manifest it is of.
std::uint64_t digest_of(std::string_view manifest_text);

}  // namespace batch
}  // namespace restitch
