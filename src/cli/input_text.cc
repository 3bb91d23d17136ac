#include "cli/input_text.h"

#include <fmt/format.h>

#include <iterator>

namespace restitch::cli {
namespace {

void append_field(std::string& out, std::string_view label, std::string_view text) {
  if (!text.empty()) fmt::format_to(std::back_inserter(out), "{}: {}\n", label, text);
}

void append_interface(std::string& out, std::size_t index, const CaptureInterface& interface) {
  fmt::format_to(std::back_inserter(out), "interface {}: {}, link type {}, ", index,
                 interface.name.empty() ? "no name" : interface.name,
                 static_cast<unsigned>(interface.link_type));
  if (interface.snap_size == 0) {
    out += "whole packets";
  } else {
    fmt::format_to(std::back_inserter(out), "at most {} bytes of a packet", interface.snap_size);
  }
  for (const std::string& text : {interface.description, interface.filter, interface.comment}) {
    if (!text.empty()) out += ", " + text;
  }
  out += '\n';
}

}  // namespace

std::string input_text(const Input& input) {
  const CaptureMetadata& metadata = input.reader().metadata();
  std::string out = fmt::format("input: {}\n", input.reader().format_name());
  append_field(out, "hardware", metadata.hardware);
  append_field(out, "system", metadata.os);
  append_field(out, "application", metadata.application);
  for (const std::string& comment : metadata.comments) append_field(out, "comment", comment);
  for (std::size_t i = 0; i < metadata.interfaces.size(); ++i) {
    append_interface(out, i, metadata.interfaces[i]);
  }
  for (const PacketComment& comment : metadata.packet_comments) {
    fmt::format_to(std::back_inserter(out), "packet {}: {}\n", comment.packet_number, comment.text);
  }
  if (metadata.packet_comment_count > metadata.packet_comments.size()) {
    fmt::format_to(std::back_inserter(out), "… and {} more comments on packets\n",
                   metadata.packet_comment_count - metadata.packet_comments.size());
  }
  return out;
}

}  // namespace restitch::cli
