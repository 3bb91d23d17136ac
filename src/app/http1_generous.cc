// The generous reader of heads: takes what any program may take, and says what another one may not.
#include <algorithm>

#include "app/http1_head.h"
#include "app/http1_text.h"

namespace restitch::http1 {
namespace {

class GenerousReader {
 public:
  GenerousReader(std::string_view text, Head& head) : text_(text), head_(head) {}

  void read(Head::Kind kind) {
    const std::string_view start = start_line();
    head_.valid = kind == Head::Kind::request ? read_request_line(start) : read_status_line(start);
    while (at_ < text_.size()) read_field(field_line());
  }

 private:
  std::string_view line();
  std::string_view start_line();
  std::string_view field_line();
  void read_field(std::string_view line);
  void read_name_and_value(std::string_view line, std::size_t colon);
  bool read_request_line(std::string_view line);
  bool read_status_line(std::string_view line);
  // Once of each kind.
  void tell(std::string_view what, std::string_view where, std::string detail);

  std::string_view text_;
  Head& head_;
  std::size_t at_ = 0;
  bool too_many_ = false;
};

// A CR within a line ends it for some programs. It is taken so where a field follows: "a: b\rc: d".
std::size_t generous_cr(std::string_view line) {
  for (std::size_t cr = line.find('\r'); cr != std::string_view::npos; cr = line.find('\r', cr + 1)) {
    const std::string_view rest = line.substr(cr + 1);
    const std::size_t colon = rest.find_first_of(":\r");
    if (colon != std::string_view::npos && rest[colon] == ':' && is_token(rest.substr(0, colon))) return cr;
  }
  return std::string_view::npos;
}

void GenerousReader::tell(std::string_view what, std::string_view where, std::string detail) {
  for (const Oddity& oddity : head_.oddities) {
    if (oddity.what == what) return;
  }
  head_.oddities.push_back({what, static_cast<std::size_t>(where.data() - text_.data()), std::move(detail)});
}

// The next line, without its end.
std::string_view GenerousReader::line() {
  const std::size_t end = std::min(text_.find('\n', at_), text_.size());
  std::string_view line = text_.substr(at_, end - at_);
  at_ = std::min(end + 1, text_.size());
  if (line.empty() || line.back() != '\r') {
    tell("http_bare_lf", line, "a line ends without CR: " + quoted(line) + " ends here, or goes on");
  } else {
    line.remove_suffix(1);
  }
  const std::size_t cr = line.find('\r');
  if (cr == std::string_view::npos) return line;
  const std::size_t split = generous_cr(line);
  tell("http_bare_cr", line.substr(cr),
       "CR within the line " + quoted(line) + ": it ends there, or CR is a part of it");
  if (split == std::string_view::npos) return line;
  at_ = static_cast<std::size_t>(line.data() - text_.data()) + split + 1;
  return line.substr(0, split);
}

std::string_view GenerousReader::start_line() {
  while (at_ < text_.size() && (text_[at_] == '\r' || text_[at_] == '\n' || text_[at_] == ' ')) ++at_;
  return line();
}

// With the lines that continue it.
std::string_view GenerousReader::field_line() {
  const std::string_view first = line();
  std::string_view whole = first;
  while (at_ < text_.size() && !first.empty() && (text_[at_] == ' ' || text_[at_] == '\t')) {
    const std::string_view more = line();
    tell("http_folded_header", more,
         quoted(first) + " goes on with " + quoted(more) + ", or that is a field of its own, or none");
    whole = {first.data(), static_cast<std::size_t>(more.data() + more.size() - first.data())};
  }
  return whole;
}

void GenerousReader::read_field(std::string_view line) {
  if (trimmed(line).empty()) return;
  if (head_.fields.size() == Head::fields_max) {
    tell("http_too_many_fields", line, "what follows is left out");
    return;
  }
  if (line.find('\0') != std::string_view::npos) {
    tell("http_nul", line, "NUL in " + quoted(line) + ": it ends there, or NUL is a part of it, or nothing");
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || trimmed(line.substr(0, colon)).empty()) {
    tell("http_header_without_name", line, quoted(line) + " is left out, or ends the header");
    return;
  }
  read_name_and_value(line, colon);
}

void GenerousReader::read_name_and_value(std::string_view line, std::size_t colon) {
  const std::string_view raw = line.substr(0, colon);
  const std::string_view name = trimmed(raw);
  if (raw.front() == ' ' || raw.front() == '\t') {
    tell("http_folded_header", line, quoted(line) + " is a field, or goes on with the start line");
  }
  if (is_space(raw.back())) {
    tell("http_space_before_colon", line, quoted(raw) + " is the field " + quoted(name) + ", or another one");
  }
  if (!is_token(name)) {
    tell("http_bad_header_name", line, quoted(name) + " is no name of a field, or one with these bytes");
  }
  head_.fields.push_back({name, trimmed(line.substr(colon + 1))});
}

// METHOD target HTTP/1.1. Without a version it is HTTP/0.9.
bool GenerousReader::read_request_line(std::string_view line) {
  line = trimmed(line);
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  head_.method = line.substr(0, end);
  if (!is_token(head_.method) || end == line.size()) return false;
  std::string_view rest = trimmed(line.substr(end));
  const std::size_t last = rest.find_last_of(" \t");
  const std::string_view word = last == std::string_view::npos ? rest : rest.substr(last + 1);
  head_.version = "0.9";
  if (begins(word, "http/")) {
    head_.version = word.substr(5);
    rest = trimmed(last == std::string_view::npos ? rest.substr(0, 0) : rest.substr(0, last));
    if (rest.find_first_of(" \t") != std::string_view::npos) {
      tell("http_space_in_uri", line, quoted(rest) + " is the target, or ends at its first space");
    }
  }
  head_.target = rest;
  return true;
}

// HTTP/1.1 200 OK, with anything between the words.
bool GenerousReader::read_status_line(std::string_view line) {
  const bool icy = begins(line, "icy ");
  if (!icy && !begins(line, "http/")) return false;
  std::string_view rest = line.substr(icy ? 3 : 5);
  std::size_t end = 0;
  while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.')) ++end;
  head_.version = icy ? "1.0" : rest.substr(0, end);
  rest = trimmed(rest.substr(icy ? 0 : end));
  std::size_t digits = 0;
  for (head_.status = 0; digits < rest.size() && digits < 4 && is_digit(rest[digits]); ++digits) {
    head_.status = head_.status * 10 + static_cast<unsigned>(rest[digits] - '0');
  }
  head_.reason = trimmed(rest.substr(digits));
  const bool plain = digits == 3 && (rest.size() == 3 || is_space(rest[3])) && head_.status >= 100;
  if (!plain) tell("http_bad_status", line, quoted(line) + " is read as " + std::to_string(head_.status));
  return true;
}

}  // namespace

Head read_generously(std::string_view text, Head::Kind kind) {
  Head head;
  head.text = text;
  head.fields.reserve(16);
  GenerousReader(text, head).read(kind);
  return head;
}

}  // namespace restitch::http1
