// What Wireshark says to a program that captures for it (its manual: extcap(4)), taken apart. Values; any
// thread.
#pragma once

#include <string>
#include <vector>

namespace restitch::cli {

struct ExtcapArguments {
  // `arguments`: those behind the name of the program. A flag of extcap takes its value behind '=' or as the
  // next argument; all that is none of them is the user's, and goes on to restitch, but for flags left empty.
  explicit ExtcapArguments(const std::vector<std::string>& arguments);

  // What is asked for.
  bool interfaces = false;
  bool link_types = false;
  bool config = false;
  bool capture = false;

  std::string interface;  // which of ours
  std::string fifo;       // where packets go
  std::string filter;     // of pcap-filter(7)
  std::vector<std::string> rest;
};

}  // namespace restitch::cli
