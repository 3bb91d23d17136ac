#include "cli/follow_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>

#include "cli/choices.h"
#include "cli/input_flags.h"

namespace restitch::cli {

void FollowFlags::add_target_to(CLI::App& command) {
  command
      .add_option(
          "N", target_,
          "Number of the connection, or its two ends:\nas in the table, or as 10.0.0.1:4711,10.0.0.2:80")
      ->option_text("");
}

void FollowFlags::add_to(CLI::App& command) {
  command.add_flag("--all", selection_.all,
                   "All connections, as their bytes come;\nor those of --where and --connection, without N");
  command.add_flag("--client", client_, "Only what the client says");
  command.add_flag("--server", server_, "Only what the server says");
  command
      .add_option("-T,--format", text_,
                  "ascii, hex, raw, yaml, bytes or http;\n"
                  "bytes is the payload itself, for a pipe, with --client or --server;\n"
                  "http is each message of HTTP, with its decoded body")
      ->option_text("FORMAT=ascii")
      ->transform(one_of<Text>({{"ascii", Text::ascii},
                                {"hex", Text::hex},
                                {"raw", Text::raw},
                                {"yaml", Text::yaml},
                                {"bytes", Text::bytes},
                                {"http", Text::http}}));
  command.add_flag("--decrypted", decrypted_, "What TLS carried, by the secrets in --keylog");
  command.add_flag("--notes", selection_.style.notes,
                   "Also which packet brought what, and the events;\n"
                   "in lines that begin with #; watches as --observe does");
  command.add_flag("--read-on", selection_.read_on,
                   "Read on to the end behind the connection,\nto hear of damage there");
}

void FollowFlags::take_view() {
  if (text_ == Text::http) {
    selection_.view = FollowView::http;
    selection_.style.format = FollowFormat::ascii;
    return;
  }
  if (decrypted_) selection_.view = FollowView::decrypted;
  constexpr std::array<FollowFormat, 5> formats = {FollowFormat::ascii, FollowFormat::hex, FollowFormat::raw,
                                                   FollowFormat::yaml, FollowFormat::bytes};
  selection_.style.format = formats[static_cast<std::size_t>(text_)];
}

// Without a connection by its number or ends, what stands in its place is the first FILE.
bool FollowFlags::finish(bool chosen, InputFlags& input, std::string& complaint) {
  selection_.all = selection_.all || chosen;
  take_view();
  if (!take_side(complaint)) return false;
  if (!selection_.all) return take_target(complaint);
  if (parse_follow_target(target_)) {
    complaint =
        fmt::format("N: \"{}\" chooses one connection, and --all, --where or --connection others", target_);
  } else if (!target_.empty()) {
    input.put_first(target_);
  }
  return complaint.empty();
}

bool FollowFlags::take_target(std::string& complaint) {
  const auto target = parse_follow_target(target_);
  if (target) {
    selection_.target = *target;
  } else if (target_.empty()) {
    complaint = "follow: it takes the number of a connection, as in: restitch follow 0 FILE";
  } else if (target_.find(',') == std::string::npos) {
    complaint = fmt::format("N: \"{}\" is no number of the table, as in: restitch follow 0 FILE", target_);
  } else {
    complaint = fmt::format(
        "N: \"{}\" is no pair of ends, as in: restitch follow 10.0.0.1:4711,10.0.0.2:80 FILE", target_);
  }
  return target.has_value();
}

bool FollowFlags::take_side(std::string& complaint) {
  if (client_ && server_) {
    complaint = "--client, --server: it is one of them, or without them both";
  } else if (client_ || server_) {
    selection_.style.only = client_ ? TcpFlowDirection::client_to_server : TcpFlowDirection::server_to_client;
  }
  if (!complaint.empty() || selection_.style.format != FollowFormat::bytes) return complaint.empty();
  if (selection_.all) {
    complaint = "-T bytes: it takes one connection";
  } else if (!selection_.style.only) {
    complaint = "-T bytes: it takes one direction, --client or --server";
  } else if (selection_.style.notes) {
    complaint = "-T bytes: there is no place for --notes";
  }
  return complaint.empty();
}

}  // namespace restitch::cli
