#include "batch/json_line.h"

#include <charconv>
#include <utility>

namespace restitch::batch {
namespace {

// What is left of a line. Each call takes one thing off its front, or answers that it is not there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return text_.empty(); }
  [[nodiscard]] char next() const { return text_.empty() ? '\0' : text_.front(); }

  bool take(char wanted) {
    if (next() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<std::uint64_t> take_number() {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (error != std::errc() || end == text_.data()) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return number;
  }

  std::optional<std::string> take_string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!text_.empty() && !take('"')) {
      const char letter = text_.front();
      text_.remove_prefix(1);
      if (static_cast<unsigned char>(letter) < 0x20) return std::nullopt;
      if (letter != '\\') {
        out += letter;
      } else if (!take_escape(out)) {
        return std::nullopt;
      }
      if (text_.empty()) return std::nullopt;
    }
    return out;
  }

  std::optional<std::vector<std::string>> take_list() {
    std::vector<std::string> list;
    if (!take('[')) return std::nullopt;
    if (take(']')) return list;
    do {
      auto text = take_string();
      if (!text) return std::nullopt;
      list.push_back(std::move(*text));
    } while (take(','));
    return take(']') ? std::optional(std::move(list)) : std::nullopt;
  }

 private:
  bool take_escape(std::string& out) {
    static constexpr std::string_view escapes = "\"\\/bfnrt";
    static constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (text_.empty()) return false;
    const char letter = text_.front();
    text_.remove_prefix(1);
    if (letter == 'u') return take_code(out);
    const std::size_t at = escapes.find(letter);
    if (at == std::string_view::npos) return false;
    out += meant[at];
    return true;
  }

  std::optional<char32_t> take_unit() {
    if (text_.size() < 4) return std::nullopt;
    unsigned unit = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + 4, unit, 16);
    if (error != std::errc() || end != text_.data() + 4) return std::nullopt;
    text_.remove_prefix(4);
    return unit;
  }

  // A character beyond the first 65,536 is two units.
  bool take_code(std::string& out) {
    const auto unit = take_unit();
    if (!unit) return false;
    if (*unit < 0xd800 || *unit > 0xdfff) return append_utf8(out, *unit);
    if (*unit > 0xdbff || !take('\\') || !take('u')) return false;
    const auto second = take_unit();
    if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
    return append_utf8(out, 0x10000 + ((*unit - 0xd800) << 10) + (*second - 0xdc00));
  }

  static bool append_utf8(std::string& out, char32_t code) {
    const auto add = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xc0 | code >> 6);
    } else if (code < 0x10000) {
      add(0xe0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3f));
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
      add(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80) add(0x80 | (code & 0x3f));
    return true;
  }

  std::string_view text_;
};

// A value of one of the three kinds goes into `value`.
template <class Value>
bool take_value(Cursor& cursor, Value& value) {
  const auto keep = [&value](auto&& taken) {
    if (taken) value = std::move(*taken);
    return taken.has_value();
  };
  if (cursor.next() == '"') return keep(cursor.take_string());
  if (cursor.next() == '[') return keep(cursor.take_list());
  return keep(cursor.take_number());
}

}  // namespace

std::optional<JsonLine> JsonLine::parse(std::string_view text) {
  Cursor cursor(text);
  JsonLine line;
  if (!cursor.take('{')) return std::nullopt;
  bool more = !cursor.take('}');
  while (more) {
    auto name = cursor.take_string();
    Value value;
    if (!name || !cursor.take(':') || !take_value(cursor, value)) return std::nullopt;
    if (!line.members_.emplace(std::move(*name), std::move(value)).second) return std::nullopt;
    more = cursor.take(',');
    if (!more && !cursor.take('}')) return std::nullopt;
  }
  return cursor.at_end() ? std::optional(std::move(line)) : std::nullopt;
}

}  // namespace restitch::batch
