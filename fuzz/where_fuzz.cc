// Any bytes as an expression that chooses connections, and as what two end points say first. What parse()
// lets through can be asked of any connection, and asks the same twice.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "restitch/output_trace.h"
#include "restitch/output_where.h"

namespace {

using namespace restitch;

void require(bool condition) {
  if (!condition) std::abort();
}

// Numbers of a connection that depend on the input.
ConnectionSummary summary_of(Bytes bytes) {
  const auto byte = [&](std::size_t at) { return at < bytes.size() ? bytes[at] : std::uint8_t{0}; };
  ConnectionSummary summary;
  summary.net.source.version = summary.net.destination.version = (byte(0) & 1) != 0 ? 6 : 4;
  summary.net.source.bytes[15] = byte(1);
  summary.transport = {byte(2), byte(3)};
  summary.directions[0].bytes = byte(4);
  summary.directions[0].packets = byte(5);
  summary.directions[1].vlan = byte(6);
  summary.directions[0].events[byte(7) % event_kind_count] = 1;
  return summary;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)identify_service(bytes.first(size / 2), bytes.subspan(size / 2));
  (void)is_client_hello(bytes);
  const auto filter = ConnectionFilter::parse(text);
  if (!filter) {
    require(!filter.error().message.empty());
    return 0;
  }
  const ConnectionSummary summary = summary_of(bytes);
  const bool passes = filter->matches(summary);
  const auto negated = ConnectionFilter::parse("not (" + std::string(text) + ")");
  // One more level may be one too many.
  if (negated) require(negated->matches(summary) != passes);
  return 0;
}
