// Numbers and texts as bytes, the lowest byte first, and back. ByteText takes them off the front of what it
// borrows; once something is missing it answers zeros, and says so. Values; any thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "restitch/export.h"

namespace RESTITCH_API restitch {
namespace batch {

template <std::integral T>
void append_bytes(std::string& out, T number) {
  auto rest = static_cast<std::uint64_t>(number);
  for (std::size_t i = 0; i < sizeof(T); ++i, rest >>= 8) out += static_cast<char>(rest & 0xff);
}

inline void append_text(std::string& out, std::string_view text) {
  append_bytes(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class ByteText {
 public:
  explicit ByteText(std::string_view text) : text_(text) {}

  template <std::integral T>
  T take() {
    std::uint64_t number = 0;
    const std::string_view bytes = take_bytes(sizeof(T));
    for (std::size_t i = bytes.size(); i > 0; --i) {
      number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
    }
    return static_cast<T>(number);
  }

  std::string_view take_text() { return take_bytes(take<std::uint32_t>()); }

  // Nothing, if there are fewer.
  std::string_view take_bytes(std::size_t size) {
    if (size > text_.size()) failed_ = true;
    if (failed_) return {};
    const std::string_view taken = text_.substr(0, size);
    text_.remove_prefix(size);
    return taken;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
  bool failed_ = false;
};

}  // namespace batch
}  // namespace restitch
