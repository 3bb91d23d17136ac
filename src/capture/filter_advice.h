// FilterAdvice: finds out whether a filter that matches nothing would match behind a tag: a filter of
// pcap-filter(7) looks behind VLAN tags, MPLS labels and PPPoE only where it says so. One thread.
#pragma once

#include <string>
#include <vector>

#include "restitch/capture_filter.h"

namespace restitch {

class FilterAdvice {
 public:
  // So many packets are looked at.
  static constexpr std::size_t packets_max = 10'000;

  explicit FilterAdvice(std::string expression) : expression_(std::move(expression)) {}

  // A packet that the filter does not match.
  void look_at(const Record& record);

  // What would have matched one of them; empty: nothing that we know of.
  [[nodiscard]] const std::string& found() const { return found_; }

 private:
  void compile();

  std::string expression_;
  std::vector<PacketFilter> others_;
  std::size_t packets_ = 0;
  std::string found_;
};

}  // namespace restitch
