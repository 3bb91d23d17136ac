// OracleCase: a case that was put to a real TCP stack, as a line of JSON, and Heard, what the application on
// that stack read. Values; a case owns its JSON.
//
// The peer is whoever sent the hand-made segments; the kernel is the stack that received them. All numbers
// of a case are relative: 0 is the first byte of the peer's stream, or of the kernel's.
#pragma once

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace restitch::testing {

using Json = nlohmann::json;

// What an application got: of each connection on the same ports its bytes, and how the last one ended.
struct Heard {
  std::vector<std::string> streams;
  std::string urgent;  // read out of band
  std::string end;     // "eof", "reset", "open"; empty: not known

  friend bool operator==(const Heard&, const Heard&) = default;
};

// The same without what the other one does not know.
inline Heard as_far_as(const Heard& known, Heard heard) {
  if (known.end.empty()) heard.end.clear();
  return heard;
}

// Long runs of one byte are shortened: 'aaaaaaaaaa…' is "a*1024".
inline std::string shorten(const std::string& bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t end = std::min(bytes.find_first_not_of(bytes[i], i), bytes.size());
    text += end - i > 16 ? fmt::format("{}*{} ", bytes[i], end - i) : bytes.substr(i, end - i);
    i = end;
  }
  return text;
}

inline std::string describe(const Heard& heard) {
  std::string text;
  for (const std::string& bytes : heard.streams) text += fmt::format("'{}' ", shorten(bytes));
  return fmt::format("{}{}{}", text, heard.end, heard.urgent.empty() ? "" : " urgent " + heard.urgent);
}

class OracleCase {
 public:
  explicit OracleCase(Json json) : json_(std::move(json)) {}

  [[nodiscard]] std::string id() const { return json_.at("id"); }
  [[nodiscard]] bool ipv6() const { return json_.value("ip", 4) == 6; }
  [[nodiscard]] std::string opening() const { return json_.value("open", "listen"); }
  [[nodiscard]] std::uint32_t isn() const { return json_.value("isn", 1000u); }
  [[nodiscard]] const Json& steps() const { return json_.at("steps"); }
  [[nodiscard]] const Json& result() const { return json_.at("result"); }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] std::string text() const { return json_.dump(); }

  template <class T>
  [[nodiscard]] T option(const char* name, T otherwise) const {
    const auto found = json_.find("opts");
    return found == json_.end() ? otherwise : found->value(name, otherwise);
  }
  // An option may be null: it was left out on purpose.
  [[nodiscard]] bool scales_window() const {
    const auto found = json_.find("opts");
    return found == json_.end() || !found->contains("ws") || !found->at("ws").is_null();
  }

  // The receiver policy of a socket like that of the case.
  [[nodiscard]] std::string_view linux_policy() const {
    return option("oobinline", false) ? "linux-oobinline" : "linux";
  }

  // What the real application got. A connection that was never opened again on the old ports has no stream,
  // and how the one before ended was not written down.
  [[nodiscard]] Heard expected() const {
    Heard heard;
    if (result().contains("earlier_streams")) heard.streams = result().at("earlier_streams");
    heard.urgent = result().value("oob", "");
    if (heard.streams.empty() || result().at("accepted").get<bool>()) {
      heard.streams.push_back(result().at("delivered"));
      heard.end = result().at("end");
    }
    return heard;
  }

 private:
  Json json_;
};

// A text file; one that ends in .zst was written by zstd, with its size. Empty when there is no such file.
inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!path.ends_with(".zst")) return text;
  const auto size = ZSTD_getFrameContentSize(text.data(), text.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return {};
  std::string plain(size, '\0');
  const std::size_t written = ZSTD_decompress(plain.data(), plain.size(), text.data(), text.size());
  return ZSTD_isError(written) != 0 ? std::string() : plain;
}

// Empty when there is no such file.
inline std::vector<OracleCase> read_oracle_cases(const std::string& path) {
  std::vector<OracleCase> cases;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) cases.emplace_back(Json::parse(line));
  }
  return cases;
}

}  // namespace restitch::testing
