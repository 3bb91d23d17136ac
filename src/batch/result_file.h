// ResultFile: a file that is there whole or not at all. It is written under another name beside its place,
// and moved there once the disk has it; what is left of a run that was killed is never read. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

class ResultFile {
 public:
  // Error: io. A file that is there stays until commit().
  static Result<ResultFile> create(const std::string& path);

  ResultFile(ResultFile&& other) noexcept;
  ResultFile& operator=(ResultFile&&) = delete;
  ~ResultFile();  // without commit(), nothing stays

  void append(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= buffer_max) write_out();
  }

  // Error: io, also of what was appended before.
  Result<void> commit();

 private:
  static constexpr std::size_t buffer_max = std::size_t{1} << 20;

  ResultFile(std::string path, std::string part, int descriptor)
      : path_(std::move(path)), part_(std::move(part)), descriptor_(descriptor) {}
  void write_out();
  void note_failure(int error);

  std::string path_;
  std::string part_;
  int descriptor_;
  std::string buffer_;
  std::optional<Error> failure_;
};

}  // namespace batch
}  // namespace restitch
