// Names for inputs that are not captures we read, so that a message can say what they are. Pure; any
// thread.
#pragma once

#include <optional>
#include <string>

#include "restitch/packet.h"

namespace restitch {

// The name of the format that a file starting so has, if it is one we know by sight: "a snoop capture".
std::optional<std::string> foreign_format_name(Bytes start);

// The message for such a file: "neither pcap nor pcapng: bzip2-compressed; type: bzip2 -dc FILE | restitch
// -"; and, the other way round, in short what it is: "bzip2-compressed", "a snoop capture", "not a capture".
std::string foreign_message(const std::string& name);
std::string foreign_kind(const std::string& message);

// "the first bytes are 7f 45 4c 46".
std::string describe_start(Bytes start);

}  // namespace restitch
