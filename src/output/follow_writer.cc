#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "output/text.h"
#include "restitch/output_follow.h"
#include "restitch/output_json.h"

namespace restitch {
namespace {

constexpr std::string_view rule = "===================================================================\n";

std::string_view name(FollowFormat format) {
  constexpr std::array<std::string_view, 4> names = {"ascii", "hex", "raw", "yaml"};
  return names[static_cast<std::size_t>(format)];
}

char printable(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.'; }

// tshark prints the sum of seconds and fraction as a double, which has no room for all nine digits.
double seconds(Timestamp time) {
  constexpr std::int64_t second = 1'000'000'000;
  // NOLINTNEXTLINE(bugprone-integer-division): the two parts are told apart
  return static_cast<double>(time.ns / second) + static_cast<double>(time.ns % second) / 1e9;
}

void append_base64(std::string& out, Bytes bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < bytes.size() ? bytes[i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= bytes.size() ? digits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
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

// Whether a line of payload reads like one that the writer puts between payload.
bool looks_like_ours(std::string_view line, bool notes) {
  if (line.empty()) return false;
  const auto begins = [&](std::string_view with) { return line.starts_with(with); };
  if (begins("\\") || begins("========") || (notes && begins("#"))) return true;
  if (begins("Follow: ") || begins("Filter: ") || begins("Node 0: ") || begins("Node 1: ")) return true;
  if (begins("[") && line.find(" bytes missing in capture file]") != std::string_view::npos) return true;
  return line.find_first_not_of("0123456789") == std::string_view::npos;
}

// The bytes as text. A line that reads like one of ours gets a backslash in front, as does one that begins
// with a backslash; a carriage return that ends no line, and would let it be written over, a dot.
std::string marked_lines(Bytes bytes, bool notes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto end = static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\n') - bytes.begin());
    const bool cr = end > 0 && bytes[end - 1] == '\r';  // before a line end, or before the one that we add
    const std::size_t begin = text.size();
    for (const std::uint8_t byte : bytes.first(end - (cr ? 1 : 0))) text += printable(byte);
    if (looks_like_ours(std::string_view(text).substr(begin), notes)) text.insert(begin, 1, '\\');
    if (cr) text += '\r';
    if (end < bytes.size()) text += '\n';
    bytes = bytes.subspan(std::min(end + 1, bytes.size()));
  }
  return text;
}

}  // namespace

void FollowWriter::begin(std::uint64_t number, const NetFlow& net, TransportFlow transport) {
  if (format_ == FollowFormat::yaml) {
    sink_(
        fmt::format("peers:\n"
                    "  - peer: 0\n    host: {}\n    port: {}\n"
                    "  - peer: 1\n    host: {}\n    port: {}\n"
                    "packets:\n",
                    to_string(net.source), transport.source_port, to_string(net.destination),
                    transport.destination_port));
  } else {
    sink_(fmt::format("\n{}Follow: tcp,{}\nFilter: tcp.stream eq {}\nNode 0: {}\nNode 1: {}\n", rule,
                      name(format_), number, endpoint_to_string(net.source, transport.source_port),
                      endpoint_to_string(net.destination, transport.destination_port)));
  }
}

void FollowWriter::data(unsigned node, const CaptureInfo& info, Bytes bytes, Transmission transmission) {
  text_.clear();
  if (notes_) append_note(node, info, transmission);
  append_data(node, info, bytes, format_ == FollowFormat::ascii ? marked_lines(bytes, notes_) : "");
  sink_(text_);
}

// `ascii` is the text of the bytes in that format.
void FollowWriter::append_data(unsigned node, const CaptureInfo& info, Bytes bytes, std::string_view ascii) {
  const std::string_view indent = node == 0 ? "" : "\t";
  switch (format_) {
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
      break;
  }
}

void FollowWriter::missing(unsigned node, std::uint64_t packet_number, std::uint64_t size) {
  const std::string text = fmt::format("[{} bytes missing in capture file]", size);
  CaptureInfo info;
  info.packet_number = packet_number;
  text_.clear();
  if (notes_) {
    fmt::format_to(std::back_inserter(text_), "# node {}: {} bytes missing before packet {}\n", node, size,
                   packet_number);
  }
  append_data(node, info, as_bytes(text + '\0'), text + '.');  // tshark counts a zero byte in
  sink_(text_);
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
  sink_(text_);
}

void FollowWriter::end() {
  ended_ = true;
  if (format_ != FollowFormat::yaml) sink_(rule);
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
