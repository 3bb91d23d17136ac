// The names of the enumerations in packet.h.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "restitch/packet.h"

namespace restitch {
namespace {

TEST(LinkType, NamesWhatItCannotRead) {
  EXPECT_FALSE(is_supported(static_cast<LinkType>(147)));
  EXPECT_EQ(link_type_name(static_cast<LinkType>(147)), "link type 147");
}

TEST(LinkType, NamesEveryLinkTypeItReads) {
  int supported = 0;
  for (int number = 0; number <= 0xffff; ++number) {
    const auto link_type = static_cast<LinkType>(number);
    const bool named = link_type_name(link_type) != "link type " + std::to_string(number);
    EXPECT_EQ(named, is_supported(link_type)) << number;
    supported += is_supported(link_type) ? 1 : 0;
  }
  EXPECT_GE(supported, 10);
  EXPECT_EQ(link_type_name(LinkType::ethernet), "Ethernet");
  EXPECT_EQ(link_type_name(LinkType::linux_sll2), "Linux cooked v2");
}

TEST(DropReason, HasANameForEachValue) {
  for (std::size_t i = 0; i < drop_reason_count; ++i) {
    EXPECT_NE(to_string(static_cast<DropReason>(i)), "unknown") << i;
  }
  EXPECT_EQ(to_string(DropReason::bad_tcp_header), "bad_tcp_header");
  EXPECT_EQ(to_string(static_cast<DropReason>(200)), "unknown");
}

TEST(LayerKind, HasANameOfItsOwnForEachValue) {
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(LayerKind::count_); ++i) {
    names.insert(to_string(static_cast<LayerKind>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(LayerKind::count_));
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_EQ(to_string(LayerKind::vxlan), "vxlan");
  EXPECT_EQ(to_string(LayerKind::count_), "unknown");
}

TEST(TcpFlowDirection, HasAReverseAndAName) {
  constexpr auto to_server = TcpFlowDirection::client_to_server;
  constexpr auto to_client = TcpFlowDirection::server_to_client;
  EXPECT_EQ(reverse(to_server), to_client);
  EXPECT_EQ(reverse(to_client), to_server);
  EXPECT_EQ(to_string(to_server), "client->server");
  EXPECT_EQ(to_string(to_client), "server->client");
}

}  // namespace
}  // namespace restitch
