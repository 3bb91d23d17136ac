#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "restitch/packet.h"
#include "support/frame_builder.h"

namespace restitch {
namespace {

using testing::address;

TEST(AddressText, WritesIpv4) {
  EXPECT_EQ(to_string(address("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_string(address("0.0.0.0")), "0.0.0.0");
  EXPECT_EQ(to_string(address("255.255.255.255")), "255.255.255.255");
}

// The examples of RFC 5952, section 4 and 5.
TEST(AddressText, WritesIpv6InCanonicalForm) {
  EXPECT_EQ(to_string(address("2001:0db8::0001")), "2001:db8::1");
  EXPECT_EQ(to_string(address("2001:db8:0:0:0:0:2:1")), "2001:db8::2:1");
  EXPECT_EQ(to_string(address("2001:db8:0:1:1:1:1:1")), "2001:db8:0:1:1:1:1:1") << "one zero group stays";
  EXPECT_EQ(to_string(address("2001:0:0:1:0:0:0:1")), "2001:0:0:1::1") << "the longest run";
  EXPECT_EQ(to_string(address("2001:db8:0:0:1:0:0:1")), "2001:db8::1:0:0:1") << "the first of two";
  EXPECT_EQ(to_string(address("2001:DB8::ABCD")), "2001:db8::abcd");
  EXPECT_EQ(to_string(address("::")), "::");
  EXPECT_EQ(to_string(address("::1")), "::1");
  EXPECT_EQ(to_string(address("1::")), "1::");
  EXPECT_EQ(to_string(address("::ffff:192.0.2.1")), "::ffff:192.0.2.1");
}

TEST(AddressText, ReadsWhatItWritesAndNothingElse) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.1 ", "host", "2001:db8:::1", "[::1]"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(AddressText, WritesEndpoints) {
  EXPECT_EQ(endpoint_to_string(address("192.0.2.1"), 80), "192.0.2.1:80");
  EXPECT_EQ(endpoint_to_string(address("2001:db8::1"), 65535), "[2001:db8::1]:65535");
  EXPECT_EQ(to_string(IpAddress{}), "none");
}

TEST(AddressText, KeepsIpv4ApartFromIpv6WithTheSameBytes) {
  EXPECT_NE(address("1.2.3.4"), address("::1.2.3.4"));
  EXPECT_LT(address("1.2.3.4"), address("1.2.3.5"));
}

TEST(AddressText, AgreesWithTheSystemOnEveryAddress) {
  EXPECT_TRUE(rc::check([] {
    IpAddress random;
    random.version = 6;
    // Zeros often, or there is nothing to shorten; the second group is not zero, as the system writes
    // the obsolete ::1.2.3.4 in dotted form and RFC 5952 does not.
    for (auto& byte : random.bytes)
      byte = *rc::gen::oneOf(rc::gen::just<std::uint8_t>(0), rc::gen::arbitrary<std::uint8_t>());
    for (std::size_t i = 0; i < 16; i += 2) {
      if (*rc::gen::arbitrary<bool>()) random.bytes[i] = random.bytes[i + 1] = 0;
    }
    random.bytes[3] |= 1;
    char text[INET6_ADDRSTRLEN];
    RC_ASSERT(inet_ntop(AF_INET6, random.bytes.data(), text, sizeof text) != nullptr);
    RC_ASSERT(to_string(random) == text);
  }));
}

}  // namespace
}  // namespace restitch
