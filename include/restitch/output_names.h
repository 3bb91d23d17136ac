// NameTemplate: file names for streams, in the notation of tcpflow. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

// What a name can be made from: one direction of a connection.
struct StreamName {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t vlan = 0;     // 0: none
  Timestamp first_seen;       // of this direction
  std::uint64_t number = 0;   // of the stream, in order of first payload, from 0
  std::uint32_t repeats = 0;  // how many streams of this name came before
};

// The letters of tcpflow's -T: %A %a source address and port, %B %b destination, %T %t time of the first
// packet (ISO 8601, seconds since 1970), %V%v "--" and the VLAN id, %C%c "c" and the number of repeats
// (nothing for 0), %# the number of repeats, %N %K %M %G three digits each of the stream's number, %% a
// percent sign. A "/" makes folders.
class NameTemplate {
 public:
  static constexpr std::string_view tcpflow_default = "%A.%a-%B.%b%V%v%C%c";

  // Refuses unknown letters, and whatever could lead out of the folder: "..", a leading "/".
  static Result<NameTemplate> parse(std::string_view text);
  NameTemplate();  // tcpflow_default

  // Names of two streams may be equal unless the template says %c or %#; then "c1", "c2", … is appended.
  [[nodiscard]] std::string expand(const StreamName& name) const;

 private:
  std::string text_;  // checked
  bool tells_repeats_ = false;
};

}  // namespace restitch
