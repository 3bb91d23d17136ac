// PcapHandle: a handle of libpcap, owned.
#pragma once

#include <pcap/pcap.h>

#include <memory>

namespace restitch {

struct ClosePcapHandle {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, ClosePcapHandle>;

}  // namespace restitch
