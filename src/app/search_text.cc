#include "restitch/app/search_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/clean_text.h"
#include "output/text.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

constexpr std::string_view search_head_colour = "\033[35m";
constexpr std::string_view search_sign_colour = "\033[36m";
constexpr std::string_view search_offset_colour = "\033[32m";
constexpr std::string_view search_match_colour = "\033[01;31m";
constexpr std::string_view search_no_colour = "\033[0m";

// So much of bytes that are no text is shown around matches.
constexpr std::size_t search_binary_shown = 32;

bool search_is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const Utf8Character character = first_character(bytes);
    const bool plain = character.code == '\t' || character.code == '\r' || character.code == '\n';
    if (!character.valid || (!plain && is_steering(character.code))) return false;
    bytes.remove_prefix(character.size);
  }
  return true;
}

std::string search_shown(std::string_view bytes, bool text) {
  if (text) return clean_text(bytes);
  std::string out(bytes);
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '.';
  }
  return out;
}

// The parts of [begin, end) that a match covers, in order and apart from each other; as places in the text.
std::vector<std::pair<std::size_t, std::size_t>> search_marks(const SearchExcerpt& excerpt, std::size_t begin,
                                                              std::size_t end) {
  std::vector<std::pair<std::size_t, std::size_t>> marks;
  for (const SearchMatch& match : excerpt.matches) {
    const std::string_view part = excerpt.text_of(match);
    const auto at = static_cast<std::size_t>(part.data() - excerpt.text.data());
    const std::size_t from = std::max(at, begin);
    const std::size_t to = std::min(at + part.size(), end);
    if (from >= to) continue;
    if (!marks.empty() && from <= marks.back().second) {
      marks.back().second = std::max(marks.back().second, to);
    } else {
      marks.emplace_back(from, to);
    }
  }
  return marks;
}

std::string search_sender(const SearchNote& note, TcpFlowDirection direction) {
  return direction == TcpFlowDirection::client_to_server
             ? endpoint_to_string(note.net.source, note.transport.source_port)
             : endpoint_to_string(note.net.destination, note.transport.destination_port);
}

std::string_view search_place(SearchIn in) {
  if (in == SearchIn::stream) return "stream";
  return in == SearchIn::objects ? "objects" : "decrypted";
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, value);
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(",\"").append(name).append("\":");
  append_number(out, value);
}

}  // namespace

void SearchText::append(std::string& out, std::uint64_t number, const SearchNote& note) {
  if (style_.json) {
    for (const SearchMatch& match : note.excerpt.matches) append_json(out, number, note, match);
    return;
  }
  const std::string head = this->head(number, note);
  const bool follows = head == last_head_ && note.excerpt.offset == last_end_;
  if (style_.groups && !last_head_.empty() && !follows) {
    out.append(colour(search_sign_colour)).append("--").append(colour(search_no_colour)).append("\n");
  }
  last_head_ = head;
  last_end_ = note.excerpt.offset + note.excerpt.text.size();
  if (style_.matches_only) {
    for (const SearchMatch& match : note.excerpt.matches) {
      append_match(out, style_.heads ? head : std::string(), note, match);
    }
  } else {
    append_lines(out, number, note);
  }
}

std::string SearchText::head(std::uint64_t number, const SearchNote& note) const {
  std::string out;
  out += colour(search_head_colour);
  append_number(out, number);
  out += ' ' + search_sender(note, note.direction) + " > " + search_sender(note, reverse(note.direction));
  if (!note.layer.empty()) out += ' ' + clean_text(note.layer);
  if (!note.object.empty()) out += ' ' + clean_text(note.object);
  out.append(colour(search_no_colour)).append(" ");
  return out;
}

void SearchText::append_offset(std::string& out, std::uint64_t offset, char separator) const {
  out += colour(search_offset_colour);
  append_number(out, offset);
  out += colour(search_no_colour);
  out += colour(search_sign_colour);
  out += separator;
  out += colour(search_no_colour);
  out += ' ';
}

void SearchText::append_lines(std::string& out, std::uint64_t number, const SearchNote& note) const {
  const std::string head = style_.heads ? this->head(number, note) : std::string();
  const std::string_view text = note.excerpt.text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find('\n', at), text.size());
    append_line(out, head, note, at, found - at);
    at = found + 1;
  }
}

void SearchText::append_line(std::string& out, std::string_view head, const SearchNote& note,
                             std::size_t begin, std::size_t size) const {
  const SearchExcerpt& excerpt = note.excerpt;
  std::size_t end = begin + size;
  // The match may be the '\n' itself.
  const auto marks = search_marks(excerpt, begin, std::min(end + 1, excerpt.text.size()));
  const std::string_view text = excerpt.text;
  if (end > begin && text[end - 1] == '\r') --end;
  const bool is_text = search_is_text(text.substr(begin, end - begin));
  const bool wide = plan_.rules.shape.bytes_before + plan_.rules.shape.bytes_after != 0;
  if (!is_text && !wide) {
    const std::size_t first = marks.empty() ? begin : marks.front().first;
    const std::size_t last = marks.empty() ? begin : marks.back().second;
    begin = std::max(begin, first - std::min(first, search_binary_shown));
    end = std::min(end, last + search_binary_shown);
  }
  out += head;
  if (!head.empty()) append_offset(out, excerpt.offset + begin, marks.empty() ? '-' : ':');
  std::size_t at = begin;
  for (const auto& [from, to] : marks) {
    const std::size_t last = std::min(to, end);
    if (from >= last) continue;
    out += search_shown(text.substr(at, from - at), is_text);
    out += colour(search_match_colour);
    out += search_shown(text.substr(from, last - from), is_text);
    out += colour(search_no_colour);
    at = last;
  }
  out += search_shown(text.substr(at, end - at), is_text);
  out += '\n';
}

void SearchText::append_match(std::string& out, std::string_view head, const SearchNote& note,
                              const SearchMatch& match) const {
  std::string_view text = note.excerpt.text_of(match);
  out += head;
  if (!head.empty()) append_offset(out, match.offset, ':');
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  out += colour(search_match_colour);
  out += search_shown(text, search_is_text(text));
  out += colour(search_no_colour);
  out += '\n';
}

void SearchText::append_json(std::string& out, std::uint64_t number, const SearchNote& note,
                             const SearchMatch& match) const {
  const bool client = note.direction == TcpFlowDirection::client_to_server;
  const SearchPatterns::Pattern& pattern = patterns_.patterns()[match.pattern];
  const std::string_view text = note.excerpt.text_of(match);
  out += "{\"connection\":";
  append_number(out, number);
  append_member(out, "uid", note.uid);
  append_member(out, "src", search_sender(note, note.direction));
  append_member(out, "dst", search_sender(note, reverse(note.direction)));
  append_member(out, "direction", client ? "client" : "server");
  append_member(out, "in", search_place(plan_.in));
  if (!note.layer.empty()) append_member(out, "layer", note.layer);
  if (!note.object.empty()) append_member(out, "object", note.object);
  append_member(out, "offset", match.offset);
  append_member(out, "size", match.size);
  if (plan_.in != SearchIn::stream) {
    append_member(out, "stream_offset", match.origin.offset);
    append_member(out, "stream_size", std::max<std::uint64_t>(match.origin.size, 1));
  }
  append_member(out, "packet", match.origin.packet);
  out += ",\"time\":";
  append_json_time(out, match.origin.time);
  append_member(out, "pattern", pattern.text);
  if (!pattern.start_known) out += ",\"start_known\":false";
  if (note.then) out += ",\"then\":true";
  append_member(out, "match", text);
  if (!search_is_text(text)) {
    out += ",\"hex\":\"";
    append_hex(out, as_bytes(text));
    out += '"';
  }
  if (style_.groups) append_member(out, "context", note.excerpt.text);
  out += "}\n";
}

void SearchText::append_row(std::string& out, const ConnectionSummary& summary,
                            std::optional<TcpFlowDirection> direction,
                            std::optional<std::uint64_t> matches) const {
  const TcpFlowDirection from = direction.value_or(TcpFlowDirection::client_to_server);
  const std::string source = summary.sender(from);
  const std::string destination = summary.sender(reverse(from));
  if (style_.json) {
    out += "{\"connection\":";
    append_number(out, summary.number);
    append_member(out, "uid", connection_uid(summary));
    append_member(out, "src", source);
    append_member(out, "dst", destination);
    if (direction) {
      append_member(out, "direction", from == TcpFlowDirection::client_to_server ? "client" : "server");
    }
    if (matches) append_member(out, "matches", *matches);
    out += "}\n";
    return;
  }
  out += colour(search_head_colour);
  append_number(out, summary.number);
  out += ' ' + source + (direction ? " > " : " -> ") + destination;
  out += colour(search_no_colour);
  if (matches) {
    out.append(colour(search_sign_colour)).append(":").append(colour(search_no_colour)).append(" ");
    append_number(out, *matches);
  }
  out += '\n';
}

}  // namespace restitch
