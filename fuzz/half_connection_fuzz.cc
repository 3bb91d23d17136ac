// Any bytes as a scenario and a list of steps, run through the half-connection and the byte-map model: the
// two must show the same. Two bytes choose policy, keeper, limit and base; then three bytes a step.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/half_check.h"
#include "support/policies.h"

namespace {

using namespace restitch::test;

// Small positions, so that segments meet; the wrap and the change of sign lie within their reach.
Step step_of(const std::uint8_t* bytes) {
  const std::uint8_t flags = bytes[2];
  Step step{.at = bytes[0], .size = bytes[1] % 32U, .differs = (flags & 0x40) == 0};
  if ((flags & 0x3F) == 0x3F) step.kind = Step::Kind::skip;
  if ((flags & 0x3F) == 0x3E) step.kind = Step::Kind::close;
  step.syn = (flags & 0x07) == 0x01;
  step.fin = (flags & 0x07) == 0x02;
  step.rst = (flags & 0x07) == 0x03;
  step.start = (flags & 0x07) == 0x04;
  if ((flags & 0x80) != 0) step.size *= 100;  // more than a page
  return step;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t steps_max = 200;
  if (size < 2) return 0;
  constexpr std::array<std::uint32_t, 4> bases = {0, 0xFFFFFFC0, 0x7FFFFFC0, 0xFFFFFFFF};
  const std::array<const restitch::ReceiverPolicy*, 3> policies = {&gopacket, &capture, &bsd};
  const Scenario scenario{.policy = policies.at(data[0] % policies.size()),
                          .base = bases.at(data[0] / 3 % bases.size()),
                          .keeper = static_cast<Keeper>(data[1] % 5),
                          .pages_max = data[1] / 5U % 8,
                          .history = data[1] / 40U % 2 == 1};
  std::vector<Step> steps;
  for (std::size_t at = 2; at + 3 <= size && steps.size() < steps_max; at += 3) {
    steps.push_back(step_of(data + at));
  }
  restitch::detail::BlockSource memory;
  restitch::detail::HalfState state{memory};
  const std::string wrong = check_half(state, scenario, steps);
  if (wrong.empty()) return 0;
  std::fputs(wrong.c_str(), stderr);
  std::abort();
}
