// Where the captures of a command line end and a filter of pcap-filter(7) begins. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace restitch::cli {

// tcpdump's habit: `restitch a.pcap b.pcap tcp port 80`. The filter begins with the first word that a
// filter can begin with and that is not the name of a file; what stands before it are captures. A word that
// is neither counts as a capture that cannot be found.
std::size_t filter_start(const std::vector<std::string>& words);

// As libpcap takes it.
std::string joined(const std::vector<std::string>& words, std::size_t from);

}  // namespace restitch::cli
