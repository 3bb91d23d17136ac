#include "restitch/defragmenter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "support/fragment_model.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::address;
using testing::Frame;
using testing::to_bytes;
using testing::to_text;

constexpr std::int64_t second = 1'000'000'000;

// Fragments of one datagram between two hosts, and what came of them as text.
class Fragments {
 public:
  explicit Fragments(int version = 4, const DefragmenterOptions& options = {})
      : version_(version), defragmenter(options) {}
  explicit Fragments(FragmentPolicy policy, int version = 4) : Fragments(version, with(policy)) {}

  // The datagram that the fragment completes; "" if it does not.
  std::string add(std::uint32_t offset, bool more, const std::string& text, std::int64_t at = 0) {
    const Frame bytes = to_bytes(text);
    IpFragment fragment = make(offset, more, bytes);
    const auto datagram = defragmenter.add(fragment, {at});
    return datagram ? to_text(datagram->payload) : "";
  }
  IpFragment make(std::uint32_t offset, bool more, const Frame& bytes) const {
    IpFragment fragment;
    fragment.source = address(version_ == 4 ? "10.0.0.1" : "2001:db8::1");
    fragment.destination = address(version_ == 4 ? "10.0.0.2" : "2001:db8::2");
    fragment.id = id;
    fragment.protocol = 6;
    fragment.offset = offset;
    fragment.more = more;
    fragment.data = bytes;
    return fragment;
  }
  const FragmentCounts& counts() const { return defragmenter.counts(); }

 private:
  static DefragmenterOptions with(FragmentPolicy policy) {
    DefragmenterOptions options;
    options.policy = policy;
    return options;
  }
  int version_;

 public:
  IpDefragmenter defragmenter;
  std::uint32_t id = 1;
};

constexpr bool more = true;
constexpr bool last = false;

TEST(IpDefragmenter, PutsFragmentsTogetherInAnyOrder) {
  for (const int version : {4, 6}) {
    Fragments ahead(version);
    EXPECT_EQ(ahead.add(0, more, "abcdefgh"), "");
    EXPECT_EQ(ahead.add(8, more, "ijklmnop"), "");
    EXPECT_EQ(ahead.add(16, last, "qrs"), "abcdefghijklmnopqrs");
    Fragments back(version);
    EXPECT_EQ(back.add(16, last, "qrs"), "");
    EXPECT_EQ(back.add(8, more, "ijklmnop"), "");
    EXPECT_EQ(back.add(0, more, "abcdefgh"), "abcdefghijklmnopqrs");
    EXPECT_EQ(back.defragmenter.datagrams_held(), 0u);
    EXPECT_EQ(back.defragmenter.bytes_held(), 0u);
    EXPECT_EQ(back.counts(), (FragmentCounts{.fragments = 3, .datagrams = 1}));
  }
}

TEST(IpDefragmenter, KeepsDatagramsApart) {
  Fragments fragments;
  fragments.add(0, more, "abcdefgh");
  fragments.id = 2;
  EXPECT_EQ(fragments.add(8, last, "x"), "");
  const Frame bytes = to_bytes("y");
  for (const auto change : {+[](IpFragment& f) { f.protocol = 17; }, +[](IpFragment& f) { f.domain = 1; },
                            +[](IpFragment& f) { f.source = address("10.0.0.3"); },
                            +[](IpFragment& f) { f.destination = address("10.0.0.3"); }}) {
    fragments.id = 1;
    IpFragment fragment = fragments.make(8, last, bytes);
    change(fragment);
    EXPECT_FALSE(fragments.defragmenter.add(fragment, {}));
  }
  EXPECT_EQ(fragments.add(8, last, "z"), "abcdefghz");
}

TEST(IpDefragmenter, TakesTheProtocolOfTheFirstFragmentInIpv6) {
  Fragments fragments(6);
  const Frame tail = to_bytes("tail");
  IpFragment fragment = fragments.make(8, last, tail);
  fragment.protocol = 59;
  EXPECT_FALSE(fragments.defragmenter.add(fragment, {}));
  const Frame head = to_bytes("abcdefgh");
  const auto datagram = fragments.defragmenter.add(fragments.make(0, more, head), {});
  ASSERT_TRUE(datagram);
  EXPECT_EQ(datagram->protocol, 6);
}

TEST(IpDefragmenter, RemembersAWrongChecksumOfAnyFragment) {
  Fragments fragments;
  const Frame head = to_bytes("abcdefgh");
  IpFragment bad = fragments.make(0, more, head);
  bad.checksum_ok = false;
  fragments.defragmenter.add(bad, {});
  const auto datagram = fragments.defragmenter.add(fragments.make(8, last, head), {});
  ASSERT_TRUE(datagram);
  EXPECT_FALSE(datagram->checksum_ok);
}

// Old fragments, then a new one over parts of them, then whatever completes the datagram.
std::string settle(FragmentPolicy policy, const std::vector<std::pair<std::uint32_t, std::string>>& steps,
                   std::uint32_t size) {
  Fragments fragments(policy);
  for (const auto& [offset, text] : steps) fragments.add(offset, more, text);
  return fragments.add(size, last, ".");
}

TEST(IpDefragmenter, SettlesOverlapsByPolicy) {
  const std::string a(16, 'a');
  const std::string b(16, 'b');
  const std::string ab = "aaaaaaaaaaaaaaaabbbbbbbb.";
  const std::string ba = "aaaaaaaabbbbbbbbbbbbbbbb.";
  // The later one begins further right: [aaaa] then [bbbb] eight bytes on.
  EXPECT_EQ(settle(FragmentPolicy::first, {{0, a}, {8, b}}, 24), ab);
  EXPECT_EQ(settle(FragmentPolicy::last, {{0, a}, {8, b}}, 24), ba);
  EXPECT_EQ(settle(FragmentPolicy::bsd, {{0, a}, {8, b}}, 24), ab);
  EXPECT_EQ(settle(FragmentPolicy::old_linux, {{0, a}, {8, b}}, 24), ab);
  // The later one begins further left.
  EXPECT_EQ(settle(FragmentPolicy::first, {{8, b}, {0, a}}, 24), ba);
  EXPECT_EQ(settle(FragmentPolicy::last, {{8, b}, {0, a}}, 24), ab);
  EXPECT_EQ(settle(FragmentPolicy::bsd, {{8, b}, {0, a}}, 24), ab);
  EXPECT_EQ(settle(FragmentPolicy::old_linux, {{8, b}, {0, a}}, 24), ab);
  // Both begin alike.
  EXPECT_EQ(settle(FragmentPolicy::bsd, {{0, a}, {0, b}}, 16), a + ".");
  EXPECT_EQ(settle(FragmentPolicy::old_linux, {{0, a}, {0, b}}, 16), b + ".");
}

TEST(IpDefragmenter, AgreesWithTheByteMapUnderEveryPolicyThatHasAWinner) {
  EXPECT_TRUE(rc::check([] {
    const auto policy = *rc::gen::element(FragmentPolicy::first, FragmentPolicy::last, FragmentPolicy::bsd,
                                          FragmentPolicy::old_linux);
    Fragments fragments(policy);
    testing::FragmentModel model(policy);
    for (int i = 0; i < 60; ++i) {
      const auto offset = static_cast<std::uint32_t>(*rc::gen::inRange(0, 12)) * 8;
      const bool is_last = *rc::gen::inRange(0, 12) == 0;
      const auto units = static_cast<std::size_t>(*rc::gen::inRange(1, 6));
      const Frame bytes(units * 8 - (is_last ? 3 : 0), static_cast<std::uint8_t>(*rc::gen::inRange(0, 60)));
      const auto datagram = fragments.defragmenter.add(fragments.make(offset, !is_last, bytes), {});
      const auto expected = model.add(offset, !is_last, bytes);
      RC_ASSERT(datagram.has_value() == expected.has_value());
      if (!expected) continue;
      RC_ASSERT(datagram->payload == *expected);
      return;
    }
  }));
}

TEST(IpDefragmenter, CountsDuplicatesOverlapsAndConflicts) {
  Fragments fragments;
  fragments.add(8, more, "ijklmnopqrstuvwx");
  fragments.add(8, more, "ijklmnopqrstuvwx");
  fragments.add(16, more, "qrstuvwx");
  EXPECT_EQ(fragments.counts(), (FragmentCounts{.fragments = 3, .duplicates = 2}));
  fragments.add(16, more, "qrstuvwxyz012345");
  EXPECT_EQ(fragments.counts().overlaps, 1u);
  EXPECT_EQ(fragments.counts().conflicts, 0u);
  fragments.add(8, more, "IJKLMNOP");
  EXPECT_EQ(fragments.counts().overlaps, 2u);
  EXPECT_EQ(fragments.counts().conflicts, 1u);
}

TEST(IpDefragmenter, DropsOverlappingIpv6WithAllThatStillComes) {
  for (const auto policy : {FragmentPolicy::first, FragmentPolicy::last, FragmentPolicy::bsd}) {
    Fragments fragments(policy, 6);
    fragments.add(0, more, "abcdefghijklmnop");
    fragments.add(8, more, "IJKLMNOPQRSTUVWX");
    EXPECT_EQ(fragments.counts().discarded, 1u);
    EXPECT_EQ(fragments.add(0, more, "abcdefgh"), "");
    EXPECT_EQ(fragments.add(8, last, "x"), "") << "RFC 5722: including those not yet received";
    fragments.id = 2;
    fragments.add(0, more, "abcdefgh");
    EXPECT_EQ(fragments.add(8, last, "x"), "abcdefghx");
    fragments.id = 1;
    fragments.add(0, more, "abcdefgh", 31 * second);
    EXPECT_EQ(fragments.add(8, last, "y", 31 * second), "abcdefghy") << "the number may be used again";
    EXPECT_EQ(fragments.counts().timed_out, 0u) << "it is counted already";
  }
  Fragments twice(6);
  twice.add(0, more, "abcdefgh");
  twice.add(0, more, "abcdefgh");
  EXPECT_EQ(twice.add(8, last, "x"), "abcdefghx") << "RFC 8200: a copy does no harm";
}

TEST(IpDefragmenter, GivesOverlappingDatagramsUpAsLinuxDoes) {
  for (const int version : {4, 6}) {
    Fragments fragments(FragmentPolicy::linux_, version);
    fragments.add(0, more, "abcdefghijklmnop");
    fragments.add(8, more, "IJKLMNOPQRSTUVWX");
    EXPECT_EQ(fragments.counts().discarded, 1u);
    EXPECT_EQ(fragments.add(24, last, "x"), "");
    fragments.id = 2;
    fragments.add(0, more, "abcdefgh");
    fragments.add(0, more, "ABCDEFGH");
    EXPECT_EQ(fragments.add(8, last, "x"), "abcdefghx") << "what is covered is not looked at";
  }
}

TEST(IpDefragmenter, RefusesWhatCannotBe) {
  Fragments fragments;
  EXPECT_EQ(fragments.add(0, more, ""), "");
  EXPECT_EQ(fragments.add(0, more, "abcdefg"), "") << "less than a step of eight";
  EXPECT_EQ(fragments.add(65528, last, "abcdefgh"), "") << "one byte too many";
  EXPECT_EQ(fragments.counts().malformed, 3u);
  EXPECT_EQ(fragments.defragmenter.datagrams_held(), 0u);
  fragments.add(8, last, "x");
  fragments.add(8, more, "12345678");
  fragments.add(16, last, "y");
  EXPECT_EQ(fragments.counts().malformed, 5u) << "beyond the end, another end";
  EXPECT_EQ(fragments.add(0, more, "abcdefgh"), "abcdefghx");

  Fragments ends_early;
  ends_early.add(16, more, "12345678");
  ends_early.add(8, last, "x");
  EXPECT_EQ(ends_early.counts().malformed, 1u);

  Fragments odd;
  odd.add(0, more, "abcdefghijk");
  EXPECT_EQ(odd.add(8, last, "x"), "abcdefghx") << "IPv4: what is beyond a step of eight is cut off";
  Fragments odd6(6);
  odd6.add(0, more, "abcdefghijk");
  EXPECT_EQ(odd6.counts().malformed, 1u);
}

TEST(IpDefragmenter, DoesNotTrustFragmentsThatTheSnapLengthCut) {
  Fragments fragments;
  const Frame bytes = to_bytes("abcdefgh");
  IpFragment fragment = fragments.make(0, more, bytes);
  fragment.whole = false;
  fragments.defragmenter.add(fragment, {});
  EXPECT_EQ(fragments.add(8, last, "x"), "");
  EXPECT_EQ(fragments.counts().cut, 1u);
}

TEST(IpDefragmenter, ForgetsWhatWaitedForTooLong) {
  Fragments fragments;
  fragments.add(0, more, "abcdefgh", 0);
  fragments.add(8, more, "ijklmnop", 29 * second);
  EXPECT_EQ(fragments.add(16, last, "x", 31 * second), "") << "30 seconds from the first";
  EXPECT_EQ(fragments.counts().timed_out, 1u);
  EXPECT_EQ(fragments.defragmenter.datagrams_held(), 1u);
}

TEST(IpDefragmenter, LetsTheOldestGiveWayAtItsLimits) {
  DefragmenterOptions few;
  few.datagrams_max = 2;
  Fragments by_number(4, few);
  for (by_number.id = 1; by_number.id <= 3; ++by_number.id) by_number.add(0, more, "abcdefgh");
  by_number.id = 1;
  EXPECT_EQ(by_number.add(8, last, "x"), "") << "it was the oldest";
  EXPECT_EQ(by_number.counts().evicted, 2u) << "the second gave way to the first's return";
  by_number.id = 3;
  EXPECT_EQ(by_number.add(8, last, "x"), "abcdefghx");

  DefragmenterOptions small;
  small.bytes_max = 10'000;
  Fragments by_size(4, small);
  for (by_size.id = 1; by_size.id <= 1000; ++by_size.id) {
    by_size.add(0, more, "abcdefgh");
    ASSERT_LE(by_size.defragmenter.bytes_held(), 10'000u);
  }
  EXPECT_EQ(by_size.defragmenter.datagrams_held() + by_size.counts().evicted, 1000u);
}

TEST(IpDefragmenter, BuildsTheLargestDatagramFromTheSmallestFragments) {
  for (const auto policy : {FragmentPolicy::first, FragmentPolicy::last, FragmentPolicy::bsd}) {
    Fragments fragments(policy);
    for (std::uint32_t offset = 0; offset < 65528; offset += 16) fragments.add(offset, more, "abcdefgh");
    for (std::uint32_t offset = 8; offset < 65528; offset += 16) fragments.add(offset, more, "ijklmnop");
    const std::string whole = fragments.add(65528, last, "1234567");
    EXPECT_EQ(whole.size(), 65535u);
    EXPECT_EQ(whole.substr(0, 24), "abcdefghijklmnopabcdefgh");
  }
}

}  // namespace
}  // namespace restitch
