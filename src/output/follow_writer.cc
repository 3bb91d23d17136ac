#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "output/text.h"
#include "restitch/output_follow.h"
#include "restitch/output_json.h"
#include "restitch/output_names.h"

namespace restitch {
namespace {

constexpr std::string_view rule = "===================================================================\n";

std::string_view name(FollowFormat format) {
  constexpr std::array<std::string_view, 6> names = {"ascii", "hex", "raw", "yaml", "bytes", "console"};
  return names[static_cast<std::size_t>(format)];
}

char printable(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.'; }

// tshark prints the sum of seconds and fraction as a double, which has no room for all nine digits.
double seconds(Timestamp time) {
  constexpr std::int64_t second = 1'000'000'000;
  // NOLINTNEXTLINE(bugprone-integer-division): the two parts are told apart
  return static_cast<double>(time.ns / second) + static_cast<double>(time.ns % second) / 1e9;
}

// "00000010  30 31 32 33 34 35 36 37  38                       01234567 8"
void append_hex_line(std::string& out, std::uint64_t position, Bytes bytes) {
  std::string hex;
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const middle = i == 8 ? " " : "";
    fmt::format_to(std::back_inserter(hex), "{}{:02x} ", middle, bytes[i]);
    text += middle;
    text += printable(bytes[i]);
  }
  if (text.size() != 8 && text.ends_with(' '))
    text.pop_back();  // one, and after eight bytes none, as tshark does
  fmt::format_to(std::back_inserter(out), "{:08X}  {:<49} {}\n", position, hex, text);
}

constexpr std::string_view missing_text = " bytes missing in capture file]";

bool looks_missing(std::string_view line) {
  return line.starts_with("[") && line.find(missing_text) != std::string_view::npos;
}

// "010.000.000.001.40000-192.000.002.001.00080: …", also with IPv6 addresses.
bool looks_like_sender(std::string_view line) {
  const std::string_view begin = line.substr(0, line.find(": "));
  return begin.size() < line.size() && begin.find('-') != std::string_view::npos &&
         begin.find_first_not_of("0123456789abcdef.:-") == std::string_view::npos;
}

// Whether a line of payload reads like one that the writer puts between payload.
bool looks_like_ours(std::string_view line, const FollowStyle& style) {
  if (line.empty()) return false;
  if (line.starts_with("\\") || looks_missing(line)) return true;
  if (style.format == FollowFormat::console) return looks_like_sender(line);
  const auto begins = [&](std::string_view with) { return line.starts_with(with); };
  if (begins("========") || (style.notes && begins("#"))) return true;
  if (begins("Follow: ") || begins("Filter: ") || begins("Node 0: ") || begins("Node 1: ")) return true;
  return begins("Uid: ") || line.find_first_not_of("0123456789") == std::string_view::npos;
}

// The bytes as text. A line that reads like one of ours gets a backslash in front, as does one that begins
// with a backslash; a carriage return that ends no line, and would let it be written over, a dot.
std::string marked_lines(Bytes bytes, const FollowStyle& style) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto end = static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\n') - bytes.begin());
    const bool cr = end > 0 && bytes[end - 1] == '\r';  // before a line end, or before the one that we add
    const std::size_t begin = text.size();
    for (const std::uint8_t byte : bytes.first(end - (cr ? 1 : 0))) text += printable(byte);
    if (looks_like_ours(std::string_view(text).substr(begin), style)) text.insert(begin, 1, '\\');
    if (cr) text += '\r';
    if (end < bytes.size()) text += '\n';
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
  }
  return text;
}

std::string yaml_head(const FollowHead& head) {
  std::string text;
  if (!head.uid.empty()) text = fmt::format("uid: {}\ncommunity_id: \"{}\"\n", head.uid, head.community_id);
  return text + fmt::format(
                    "peers:\n"
                    "  - peer: 0\n    host: {}\n    port: {}\n"
                    "  - peer: 1\n    host: {}\n    port: {}\n"
                    "packets:\n",
                    to_string(head.net.source), head.transport.source_port, to_string(head.net.destination),
                    head.transport.destination_port);
}

std::string text_head(const FollowHead& head, const FollowStyle& style) {
  std::string text = fmt::format("\n{}Follow: {},{}\nFilter: tcp.stream eq {}\nNode 0: {}\nNode 1: {}\n",
                                 rule, style.protocol, name(style.format), head.number,
                                 endpoint_to_string(head.net.source, head.transport.source_port),
                                 endpoint_to_string(head.net.destination, head.transport.destination_port));
  if (!head.uid.empty()) text += fmt::format("Uid: {}, {}\n", head.uid, head.community_id);
  return text;
}

// Who says it to whom, as the name of tcpflow's file says.
std::array<std::string, 2> senders_of(const FollowHead& head) {
  StreamName ahead;
  ahead.source = head.net.source;
  ahead.destination = head.net.destination;
  ahead.source_port = head.transport.source_port;
  ahead.destination_port = head.transport.destination_port;
  StreamName back = ahead;
  std::swap(back.source, back.destination);
  std::swap(back.source_port, back.destination_port);
  const NameTemplate names;
  return {names.expand(ahead), names.expand(back)};
}

}  // namespace

void FollowWriter::begin(const FollowHead& head) {
  number_ = head.number;
  server_node_ = head.server_first ? 0 : 1;
  std::string text;
  switch (style_.format) {
    case FollowFormat::yaml:
      // One document for each piece.
      text = (turns_ != nullptr ? "---\n" : "") + yaml_head(head);
      break;
    case FollowFormat::console:
      senders_ = senders_of(head);
      break;
    case FollowFormat::bytes:
      break;
    case FollowFormat::ascii:
    case FollowFormat::hex:
    case FollowFormat::raw:
      text = text_head(head, style_);
      break;
  }
  if (turns_ != nullptr) {
    head_ = std::move(text);
  } else if (!text.empty()) {
    sink_(text);
  }
}

bool FollowWriter::has_foot() const {
  return style_.format == FollowFormat::ascii || style_.format == FollowFormat::hex ||
         style_.format == FollowFormat::raw;
}

// Everything but what begin() and end() write.
void FollowWriter::write(std::string_view text) {
  if (turns_ != nullptr && turns_->number != number_) {
    if (turns_->number && has_foot()) sink_(rule);
    turns_->number = number_;
    if (!head_.empty()) sink_(head_);
  }
  sink_(text);
}

void FollowWriter::data(unsigned node, const CaptureInfo& info, Bytes bytes, Transmission transmission) {
  if (style_.format == FollowFormat::bytes) {
    return write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  text_.clear();
  if (style_.notes) append_note(node, info, transmission);
  const bool as_text = style_.format == FollowFormat::ascii || style_.format == FollowFormat::console;
  append_data(node, info, bytes, as_text ? marked_lines(bytes, style_) : "");
  write(text_);
}

// `ascii` is the text of the bytes in that format.
void FollowWriter::append_data(unsigned node, const CaptureInfo& info, Bytes bytes, std::string_view ascii) {
  const std::string_view indent = node == 0 ? "" : "\t";
  const std::size_t begin = text_.size();
  switch (style_.format) {
    case FollowFormat::ascii:
      fmt::format_to(std::back_inserter(text_), "{}{}\n{}\n", indent, bytes.size(), ascii);
      break;
    case FollowFormat::hex:
      append_hex_dump(node, bytes);
      break;
    case FollowFormat::raw:
      text_ += indent;
      append_hex(text_, bytes);
      text_ += '\n';
      break;
    case FollowFormat::yaml:
      fmt::format_to(std::back_inserter(text_),
                     "  - packet: {}\n    peer: {}\n    timestamp: {:.9f}\n    data: !!binary |\n",
                     info.packet_number, node, seconds(info.timestamp));
      append_base64_lines(bytes);
      return;
    case FollowFormat::console:
      text_.append(senders_[node]).append(": ").append(ascii).append("\n");
      break;
    case FollowFormat::bytes:
      return;
  }
  if (style_.coloured) colour(node, begin);
}

// Each line from `begin` on by itself: who cuts lines out keeps their colour, and no other.
void FollowWriter::colour(unsigned node, std::size_t begin) {
  const std::string plain = text_.substr(begin);
  text_.resize(begin);
  for (std::string_view rest = plain; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.empty())
      text_.append(node == server_node_ ? "\x1b[34m" : "\x1b[31m").append(line).append("\x1b[0m");
    text_ += '\n';
  }
}

void FollowWriter::missing(unsigned node, std::uint64_t packet_number, std::uint64_t size) {
  missing_bytes_ += size;
  const std::string text = fmt::format("[{}{}", size, missing_text);
  CaptureInfo info;
  info.packet_number = packet_number;
  text_.clear();
  if (style_.notes) {
    fmt::format_to(std::back_inserter(text_), "# node {}: {} bytes missing before packet {}\n", node, size,
                   packet_number);
  }
  if (style_.format == FollowFormat::console) {
    append_data(node, info, {}, text);
  } else if (style_.format != FollowFormat::raw) {
    append_data(node, info, as_bytes(text + '\0'), text + '.');  // tshark counts a zero byte in
  }
  if (!text_.empty()) write(text_);
}

// "# node 0: packet 7, file 1, interface 2, time 1600000000.250000000, late"
void FollowWriter::append_note(unsigned node, const CaptureInfo& info, Transmission transmission) {
  fmt::format_to(std::back_inserter(text_), "# node {}: packet {}, file {}, interface {}, time ", node,
                 info.packet_number, info.source_index, info.interface_index);
  append_json_time(text_, info.timestamp);
  fmt::format_to(std::back_inserter(text_), ", {}\n", to_string(transmission));
}

void FollowWriter::event(unsigned node, const EventNote& event) {
  text_ = fmt::format("# node {}: ", node);
  append_event_json(text_, event);
  text_ += '\n';
  write(text_);
}

void FollowWriter::end() {
  ended_ = true;
  if (turns_ == nullptr) {
    if (has_foot()) sink_(rule);
  } else if (turns_->number == number_) {
    if (has_foot()) sink_(rule);
    turns_->number.reset();
  }
}

void FollowWriter::append_hex_dump(unsigned node, Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(16, bytes.size());
    if (node != 0) text_ += '\t';
    append_hex_line(text_, positions_[node], bytes.first(size));
    positions_[node] += size;
    bytes = bytes.subspan(size);
  }
}

void FollowWriter::append_base64_lines(Bytes bytes) {
  constexpr std::size_t bytes_per_line = 57;  // 76 digits
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes_per_line, bytes.size());
    text_ += "      ";
    append_base64(text_, bytes.first(size));
    text_ += '\n';
    bytes = bytes.subspan(size);
  }
}

}  // namespace restitch
