#include "capture/filter_advice.h"

namespace restitch {

void FilterAdvice::look_at(const Record& record) {
  if (!found_.empty() || packets_ == packets_max) return;
  if (packets_++ == 0) compile();
  for (PacketFilter& other : others_) {
    if (!other.matches(record.link_type, record.frame, record.info.original_size)) continue;
    found_ = other.expression();
    return;
  }
}

void FilterAdvice::compile() {
  for (const char* tags :
       {"vlan", "vlan and vlan", "mpls", "pppoes", "vlan and pppoes", "vlan and vlan and pppoes"}) {
    auto other = PacketFilter::compile(std::string(tags) + " and (" + expression_ + ")");
    if (other) others_.push_back(std::move(*other));
  }
}

}  // namespace restitch
