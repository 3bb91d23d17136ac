// The limit programs: walks over a capture that do less than reassembly, each one step more than the one
// before. What restitch costs is told in multiples of track().
#pragma once

#include <string>

#include "limits/tally.h"
#include "restitch/capture.h"

namespace restitch::bench {

// Takes every record from the reader, nothing else. Counts frames.
Tally read_only(CaptureReader& reader, bool sums);

// Decodes every record as well. Counts payload.
Tally read_headers(CaptureReader& reader, bool sums);

// Finds the flow and compares the next sequence number as well. Counts payload.
Tally track(CaptureReader& reader, bool sums);

// The same without a line of restitch: a large buffer, read(2), and a parser that knows pcap in this
// machine's byte order, Ethernet and plain IP only. What is left between it and track() is what general
// reading and decoding cost.
Tally track_lean(const std::string& path, bool sums);

}  // namespace restitch::bench
