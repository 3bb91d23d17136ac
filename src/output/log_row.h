// What is written of a log: a LogTable says which columns there are, a LogRow has a cell for each. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace RESTITCH_API restitch {

// `list` and `json` are for formats that have them: elsewhere a list is its texts with commas between, and
// `json` is text.
enum class CellType : std::uint8_t { text, address, port, count, duration, time, flag, list, json };

struct LogColumn {
  std::string_view name;
  CellType type = CellType::text;
  bool optional = false;            // a row may have none
  std::string_view zeek_type = {};  // where it is not the usual one of the type
};

struct LogTable {
  std::string_view name;
  std::vector<LogColumn> columns;
};

struct Duration {
  std::int64_t ns = 0;
};

using TextList = std::vector<std::string>;

// A value of JSON, complete and valid.
struct JsonText {
  std::string text;
};

// Of the type that the column has; monostate: there is none. A port is a count.
using LogCell = std::variant<std::monostate, std::string, IpAddress, std::uint64_t, Duration, Timestamp, bool,
                             TextList, JsonText>;
using LogRow = std::vector<LogCell>;

// With commas between.
std::string joined(const TextList& list);

// EVE's list of VLANs, of which the innermost is known: "[7]"; no value for 0.
LogCell eve_vlan(std::uint16_t vlan);

// Whether a text has nothing but printable ASCII.
bool is_plain(std::string_view text);

}  // namespace restitch
