#include "output/pcapng_writer.h"

#include <algorithm>
#include <cstring>

namespace restitch {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint32_t section_header_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_block = 1;
constexpr std::uint32_t packet_block = 6;
constexpr std::uint16_t comment_option = 1;
constexpr std::uint16_t time_resolution_option = 9;
constexpr std::uint8_t nanoseconds = 9;  // 10^-9 s

template <class Number>
void append_number(Buffer& out, Number number) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&number);
  out.insert(out.end(), bytes, bytes + sizeof number);
}

void append_padded(Buffer& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize(out.size() + (4 - bytes.size() % 4) % 4);
}

// Appends a block whose body `append_body` appends, with its length before and behind it.
template <class AppendBody>
void append_block(Buffer& out, std::uint32_t type, AppendBody append_body) {
  const std::size_t begin = out.size();
  append_number(out, type);
  append_number(out, std::uint32_t{0});
  append_body();
  const auto size = static_cast<std::uint32_t>(out.size() - begin + sizeof(std::uint32_t));
  append_number(out, size);
  std::memcpy(out.data() + begin + sizeof type, &size, sizeof size);
}

void append_option(Buffer& out, std::uint16_t code, Bytes value) {
  append_number(out, code);
  append_number(out, static_cast<std::uint16_t>(value.size()));
  append_padded(out, value);
}

void append_end_of_options(Buffer& out) { append_number(out, std::uint32_t{0}); }

}  // namespace

void append_section_header(Buffer& out) {
  append_block(out, section_header_block, [&] {
    append_number(out, std::uint32_t{0x1a2b3c4d});  // tells the byte order
    append_number(out, std::uint16_t{1});
    append_number(out, std::uint16_t{0});
    append_number(out, std::int64_t{-1});  // how long the section is, nobody says
  });
}

void append_interface(Buffer& out, LinkType link_type) {
  append_block(out, interface_block, [&] {
    append_number(out, static_cast<std::uint16_t>(link_type));
    append_number(out, std::uint16_t{0});
    append_number(out, std::uint32_t{0});  // whole packets
    append_option(out, time_resolution_option, Bytes(&nanoseconds, 1));
    append_end_of_options(out);
  });
}

void append_packet(Buffer& out, std::uint32_t interface, const CaptureInfo& info, Bytes frame,
                   std::string_view comment) {
  append_block(out, packet_block, [&] {
    const auto time = static_cast<std::uint64_t>(info.timestamp.ns);
    append_number(out, interface);
    append_number(out, static_cast<std::uint32_t>(time >> 32));
    append_number(out, static_cast<std::uint32_t>(time));
    append_number(out, static_cast<std::uint32_t>(frame.size()));
    append_number(out, std::max(info.original_size, static_cast<std::uint32_t>(frame.size())));
    append_padded(out, frame);
    if (comment.empty()) return;
    append_option(out, comment_option,
                  Bytes(reinterpret_cast<const std::uint8_t*>(comment.data()), comment.size()));
    append_end_of_options(out);
  });
}

}  // namespace restitch
