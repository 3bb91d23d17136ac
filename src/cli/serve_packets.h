// extract --pcap --listen: the packets of connections to whoever connects, in place of files.
#pragma once

#include "cli/options.h"
#include "cli/selection.h"

namespace restitch::cli {

// Reads the inputs and sends the packets of the connections that are chosen; of a live run, from the moment
// on at which one passes the filter. The exit status.
int serve_packets(const Options& options, const Selection& selection);

}  // namespace restitch::cli
