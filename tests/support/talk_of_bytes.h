// talk_of_bytes: any bytes as what two ends say, with gaps and ends, for fuzz targets of analyzers. The bytes
// begin with steps of three bytes, as many as the first byte says: whose turn it is and what happens, and how
// many bytes are said; all that is left over is said by the client, then the server, in turns. Whatever it
// is: no object grows that did not begin, or after its end, and each that began ends.
#pragma once

#include <cstdlib>
#include <map>
#include <vector>

#include "restitch/app/conversation.h"

namespace restitch::testing {

class ObjectRules final : public FindingsSink {
 public:
  void record(const FindingPlace& place, const AppRecord& /*record*/) override { (void)place.net(); }
  void begin_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectHead& /*head*/) override {
    if (!open_.emplace(object, 0).second) std::abort();
  }
  void object_data(const FindingPlace& /*place*/, ObjectNumber object, Bytes bytes,
                   const Origin& /*origin*/) override {
    open_.at(object) += bytes.size();
  }
  void object_gap(const FindingPlace& /*place*/, ObjectNumber object, std::uint64_t /*size*/) override {
    (void)open_.at(object);
  }
  void end_object(const FindingPlace& /*place*/, ObjectNumber object, const ObjectEnd& /*end*/) override {
    if (open_.erase(object) != 1) std::abort();
  }
  [[nodiscard]] bool all_ended() const { return open_.empty(); }

 private:
  std::map<ObjectNumber, std::uint64_t> open_;
};

inline void talk_of_bytes(Bytes bytes, const AppOptions& options = {}) {
  ObjectRules rules;
  AppServices services(options);
  ConnectionSummary summary;
  std::size_t steps = bytes.empty() ? 0 : std::size_t{bytes[0]} % 32;
  summary.client_known = !bytes.empty() && (bytes[0] & 32) == 0;
  bytes = bytes.subspan(bytes.empty() ? 0 : 1);
  steps = std::min(steps, bytes.size() / 3);
  const Bytes plan = bytes.first(steps * 3);
  bytes = bytes.subspan(steps * 3);
  Conversation conversation(services, rules, summary);
  std::uint64_t offsets[2] = {};
  std::uint64_t packet = 0;
  const auto say = [&](std::size_t side, std::size_t size) {
    size = std::min(size, bytes.size());
    const std::vector<std::uint8_t> said(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    conversation.data(static_cast<TcpFlowDirection>(side), said, {offsets[side], 0, {}, ++packet});
    offsets[side] += size;
    bytes = bytes.subspan(size);
  };
  for (std::size_t i = 0; i < steps; ++i) {
    const std::uint8_t what = plan[3 * i];
    const std::size_t side = what & 1u;
    const std::size_t size = plan[3 * i + 1] | std::size_t{plan[3 * i + 2]} << 8;
    switch (what >> 1 & 15u) {
      case 0:
        conversation.gap(static_cast<TcpFlowDirection>(side), size);
        offsets[side] += size;
        break;
      case 1:
        conversation.end(static_cast<TcpFlowDirection>(side));
        break;
      case 2:
        conversation.swap_roles();
        break;
      default:
        say(side, size);
    }
  }
  for (std::size_t side = 0; !bytes.empty(); side ^= 1) say(side, bytes.size() / 2 + 1);
  conversation.close();
  if (!rules.all_ended()) std::abort();
}

}  // namespace restitch::testing
