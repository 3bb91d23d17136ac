#include "cli/key_log.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace restitch::cli {

Result<void> KeyLog::open(const std::string& path, bool growing) {
  if (path.empty()) return {};
  errno = 0;
  file_.open(path, std::ios::binary);
  read();
  if (!file_.is_open() || file_.bad()) {
    const std::string why = std::generic_category().message(errno == 0 ? EIO : errno);
    return tl::unexpected(Error{ErrorCode::io, fmt::format("--keylog {}: {}", path, why)});
  }
  secrets_.set_growing(growing);
  return {};
}

void KeyLog::read() {
  std::array<char, 65536> block;
  while (file_.read(block.data(), block.size()) || file_.gcount() > 0) {
    secrets_.add_lines(std::string_view(block.data(), static_cast<std::size_t>(file_.gcount())));
  }
}

void KeyLog::read_on() {
  if (!secrets_.growing() || secrets_.unknown() == unknown_) return;
  unknown_ = secrets_.unknown();
  file_.clear();  // it was at its end
  read();
}

}  // namespace restitch::cli
