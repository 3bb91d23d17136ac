// OutputFolder: a folder to write into, held by its descriptor: it stays the one that was opened, whatever is
// put under its name meanwhile. Owns the descriptor. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "restitch/result.h"

namespace RESTITCH_API restitch {

class OutputFolder {
 public:
  // Makes the folder, and those above it, if it is not there. What was there may be a symbolic link to a
  // folder; a new one is the folder just made, or the call fails. Errors: io.
  static Result<OutputFolder> open(const std::string& path);

  OutputFolder(OutputFolder&& other) noexcept { *this = std::move(other); }
  OutputFolder& operator=(OutputFolder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(made_, other.made_);
    return *this;
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder();

  // As it was given: for messages.
  [[nodiscard]] const std::string& path() const { return path_; }
  // Valid as long as this object.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Whether open() made it.
  [[nodiscard]] bool made() const { return made_; }

  // Makes it the folder of another user, which only root can. Errors: io.
  [[nodiscard]] Result<void> give_to(uid_t user, gid_t group) const;

 private:
  OutputFolder(std::string path, int descriptor, bool made)
      : path_(std::move(path)), descriptor_(descriptor), made_(made) {}

  std::string path_;
  int descriptor_ = -1;
  bool made_ = false;
};

}  // namespace restitch
