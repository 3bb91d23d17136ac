// Files for tests, in a directory of their own that goes with the object. One thread.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "unit/capture/capture_builder.h"

namespace restitch::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((std::filesystem::temp_directory_path() / "restitch-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // Writes, or goes on writing, a file; answers its path.
  std::string write(const std::string& name, Bytes bytes, bool append = false) const {
    const std::string path = path_ + "/" + name;
    std::ofstream file(path, append ? std::ios::binary | std::ios::app : std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  std::string append(const std::string& name, Bytes bytes) const { return write(name, bytes, true); }

 private:
  std::string path_;
};

}  // namespace restitch::testing
