// extract --pcap --listen: the packets of connections to whoever connects, in place of files.
#pragma once

#include "cli/options.h"
#include "cli/served_stream.h"

namespace restitch::cli {

// Reads the inputs and sends the packets of the connections that are wanted. The exit status.
int serve_packets(const Options& options, const ServedStreamFactory::Wanted& wanted);

}  // namespace restitch::cli
