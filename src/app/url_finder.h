// UrlFinder: http and https addresses in a text that comes in pieces. The first 64 of a text, of at most
// 2,048 bytes each. A value; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace restitch {

class UrlFinder {
 public:
  // What ends in `text` goes to `urls`.
  void read(std::string_view text, std::vector<std::string>& urls);
  // Nothing more comes.
  void finish(std::vector<std::string>& urls);

  static constexpr std::size_t urls_max = 64;
  static constexpr std::size_t url_max = 2'048;

 private:
  void read_byte(char c, std::vector<std::string>& urls);

  std::string url_;      // what may be one so far
  bool inside_ = false;  // "://" has come
};

}  // namespace restitch
