#include "capture/foreign_format.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"

namespace restitch {

namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view start;
  std::string_view name;
};

constexpr std::array signatures{
    Signature{"snoop\0\0\0"sv, "a snoop capture"},
    Signature{"btsnoop\0"sv, "a Bluetooth snoop capture"},
    Signature{"GMBU"sv, "a Network Monitor 2 capture"},
    Signature{"RTSS"sv, "a Network Monitor 1 capture"},
    Signature{"TRSNIFF data"sv, "a Sniffer capture"},
    Signature{"XCP\0"sv, "a NetXRay capture"},
    Signature{"iptrace "sv, "an AIX iptrace capture"},
    Signature{"\177ver"sv, "an OmniPeek capture"},
    Signature{"\x12\xcb\xe2\xa1"sv, "a netsniff-ng capture"},
    Signature{"\xa1\xe2\xcb\x12"sv, "a netsniff-ng capture"},
    Signature{"\x1f\x8b"sv, "gzip-compressed"},
    Signature{"\x28\xb5\x2f\xfd"sv, "zstd-compressed"},
    Signature{"\x04\x22\x4d\x18"sv, "lz4-compressed"},
    Signature{"\xfd\x37zXZ"sv, "xz-compressed"},
    Signature{"BZh"sv, "bzip2-compressed"},
    Signature{"\x5d\0\0"sv, "LZMA-compressed"},
    Signature{"\x1f\x9d"sv, "compress-compressed"},
    Signature{"PK\x03\x04"sv, "a zip archive"},
    Signature{"\177ELF"sv, "a program"},
};

constexpr std::string_view neither = "neither pcap nor pcapng: ";

// What makes one of it that we read.
struct Remedy {
  std::string_view name;
  std::string_view command;
};

constexpr std::array remedies{Remedy{"xz-compressed", "xz -dc"}, Remedy{"bzip2-compressed", "bzip2 -dc"},
                              Remedy{"LZMA-compressed", "lzma -dc"},
                              Remedy{"compress-compressed", "uncompress -c"},
                              Remedy{"a zip archive", "unzip -p"}};

bool starts_with(Bytes start, std::string_view signature) {
  return start.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), start.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool is_text_byte(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= '\t' && byte <= '\r');
}

bool looks_like_text(Bytes start) {
  return start.size() >= 4 && std::all_of(start.begin(), start.end(), is_text_byte);
}

// Endace's ERF has no signature, only a record header: a time stamp (seconds in its upper half,
// little-endian), type, flags, and, big-endian, record size, loss counter and wire size.
bool looks_like_erf(Bytes start) {
  if (start.size() < 16) return false;
  const std::uint32_t seconds = load_le32(start.data() + 4);
  const unsigned type = start[8] & 0x7fU;
  const unsigned record_size = load_be16(start.data() + 10);
  const unsigned wire_size = load_be16(start.data() + 14);
  constexpr std::uint32_t year_1990 = 631'152'000;
  return seconds > year_1990 && type >= 1 && type <= 48 && record_size >= 16 && record_size <= wire_size + 64;
}

}  // namespace

std::optional<std::string> foreign_format_name(Bytes start) {
  for (const Signature& signature : signatures) {
    if (starts_with(start, signature.start)) return std::string(signature.name);
  }
  if (looks_like_text(start)) {
    if (start[0] == '<') return "XML or HTML text";
    if (start[0] == '{' || start[0] == '[') return "JSON text";
    return "text";
  }
  if (looks_like_erf(start)) return "probably an ERF capture";
  return std::nullopt;
}

std::string foreign_message(const std::string& name) {
  std::string message = std::string(neither) + name;
  for (const Remedy& remedy : remedies) {
    if (name == remedy.name) message.append("; type: ").append(remedy.command).append(" FILE | restitch -");
  }
  return message;
}

std::string foreign_kind(const std::string& message) {
  const std::size_t at = message.rfind(neither);
  const std::string name = at == std::string::npos ? message : message.substr(at + neither.size());
  const std::string kind = name.substr(0, name.find(';'));
  const bool known = kind.ends_with("-compressed") || kind.ends_with(" capture");
  return known ? kind : "not a capture";
}

std::string describe_start(Bytes start) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string line = "the first bytes are";
  for (const std::uint8_t byte : start.first(std::min<std::size_t>(start.size(), 8))) {
    line += {' ', digits[byte >> 4], digits[byte & 15]};
  }
  return line;
}

}  // namespace restitch
