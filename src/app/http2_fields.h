// Http2Fields: the fields of one head, or of trailers, as HPACK gave them; and what is wrong with them. A
// value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/app/http_record.h"

namespace restitch {

struct Http2Fields {
  HttpFields pseudo;
  HttpFields fields;
  std::optional<std::uint64_t> table_size;  // HttpMessage::table_size
  std::size_t size = 0;        // names and values, and 32 for each, as RFC 9113, 6.5.2 counts; of those kept
  bool too_long = false;       // some are left out
  bool pseudo_behind = false;  // a field of the pseudo-header stands behind others

  void add(std::string_view name, std::string_view value, std::size_t size_max);
  // Of the pseudo-header; empty: there is none.
  [[nodiscard]] std::string_view pseudo_field(std::string_view name) const;

  // What may be read in two ways, such as where it is passed on as HTTP/1.
  enum class Oddity : std::uint8_t {
    none,
    bad_pseudo,         // missing, twice, unknown, or behind other fields
    bad_field,          // a name or a value with bytes that must not be there
    upper_case,         // in a name
    connection_field,   // Connection, Upgrade, …: of HTTP/1
    transfer_encoding,  // bodies have frames
    two_lengths,
    two_hosts,  // Host says something else than :authority
  };
  struct Odd {
    Oddity what = Oddity::none;
    std::string detail;
  };
  enum class Kind : std::uint8_t { request, response, trailers };
  // The worst of them.
  [[nodiscard]] Odd oddity(Kind kind) const;
};

}  // namespace restitch
