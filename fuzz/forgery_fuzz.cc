// Any bytes as the choices of a conversation and of its attacker (tests/support/forgery): what the hosts
// proved to have taken in comes out of the reading that the first byte names. Only kinds that are enabled.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "support/forgery/enabled.h"
#include "support/forgery/judge.h"
#include "support/forgery/plans.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace restitch::forgery;
  static const std::vector<Reading> readings = all_readings();
  if (size == 0) return 0;
  const Reading& reading = readings[data[0] % readings.size()];
  const std::string_view kinds = enabled_kinds(reading.name);
  if (kinds.empty()) return 0;
  Choices choices(restitch::Bytes(data, size).subspan(1));
  const Scope scope = Scope::of(kinds);
  const Conversation conversation = make_conversation(scope, choices);
  const auto failure = judge(conversation, reading);
  if (!failure) return 0;
  const std::string text = describe(conversation) + describe_truth(conversation);
  std::fprintf(stderr, "read as %s: %s\n%s", std::string(reading.name).c_str(), failure->text.c_str(),
               text.c_str());
  std::abort();
}
