// The blocks of a pcapng file that restitch writes (draft-ietf-opsawg-pcapng): appended to a buffer, in the
// byte order of this machine, with times in nanoseconds. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace restitch {

// The start of a file.
void append_section_header(std::vector<std::uint8_t>& out);

// Interfaces are numbered from 0, in order.
void append_interface(std::vector<std::uint8_t>& out, LinkType link_type);

// Requires: frame.size() below 2^31, comment.size() below 2^16.
void append_packet(std::vector<std::uint8_t>& out, std::uint32_t interface, const CaptureInfo& info,
                   Bytes frame, std::string_view comment = {});

}  // namespace restitch
