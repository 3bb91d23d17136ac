// The captures beside the source tree, for tests that read all of them with the command.
#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "base/sanitized.h"

namespace restitch::testing {

// With a sanitizer, which takes half a second to start, only each sixteenth is read.
#ifdef RESTITCH_SANITIZED
constexpr std::size_t shared_captures_step = 16;
#else
constexpr std::size_t shared_captures_step = 1;
#endif

// Those of these folders, in the order of their names; none when they are absent.
inline std::vector<std::string> shared_captures(std::initializer_list<const char*> folders) {
  std::vector<std::string> all;
  const std::filesystem::path shared = RESTITCH_SOURCE_DIR "/../shared";
  for (const char* folder : folders) {
    if (!std::filesystem::is_directory(shared / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shared / folder)) {
      const std::string file = entry.path().filename().string();
      if (entry.is_regular_file() && file.find(".pcap") != std::string::npos) {
        all.push_back(std::filesystem::canonical(entry.path()).string());
      }
    }
  }
  std::sort(all.begin(), all.end());
  std::vector<std::string> some;
  for (std::size_t i = 0; i < all.size(); i += shared_captures_step) some.push_back(all[i]);
  return some;
}

}  // namespace restitch::testing
