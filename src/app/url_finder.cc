#include "app/url_finder.h"

#include <algorithm>
#include <iterator>

#include "app/ascii.h"

namespace restitch {
namespace {

constexpr std::string_view url_schemes[] = {"http://", "https://"};

bool may_begin_url(std::string_view begun) {
  return std::any_of(std::begin(url_schemes), std::end(url_schemes),
                     [&](std::string_view scheme) { return ascii::begins(scheme, begun); });
}

bool is_url_byte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
         std::string_view("\"'<>]").find(c) == std::string_view::npos;
}

}  // namespace

void UrlFinder::read(std::string_view text, std::vector<std::string>& urls) {
  for (std::size_t at = 0; at < text.size() && urls.size() < urls_max; ++at) {
    if (url_.empty()) {
      at = text.find_first_of("hH", at);
      if (at == std::string_view::npos) return;
    }
    read_byte(text[at], urls);
  }
}

void UrlFinder::read_byte(char c, std::vector<std::string>& urls) {
  if (inside_) {
    if (!is_url_byte(c)) return finish(urls);
    if (url_.size() < url_max) url_ += c;
    return;
  }
  url_ += c;
  // No scheme has its first letter again: what failed can only begin anew with this byte.
  if (!may_begin_url(url_)) url_.assign(ascii::lower(c) == 'h' ? 1U : 0U, c);
  inside_ = url_.ends_with("://");
}

void UrlFinder::finish(std::vector<std::string>& urls) {
  if (inside_ && url_.find("://") + 3 < url_.size() && urls.size() < urls_max) urls.push_back(url_);
  url_.clear();
  inside_ = false;
}

}  // namespace restitch
