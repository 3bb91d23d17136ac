#include <gtest/gtest.h>

#include "output/text.h"
#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using testing::server;
using testing::summaries;

// FIPS 180-2, appendix B.
constexpr std::string_view digest_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view digest_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string digest(const ConnectionSummary& summary, TcpFlowDirection direction) {
  const auto& found = summary.direction(direction).digest;
  return found ? to_string(*found) : "none";
}

TEST(Sha256, IsTheSameInOnePieceAndInThree) {
  Sha256 sha;
  sha.update(as_bytes("abc"));
  EXPECT_EQ(to_string(sha.finish()), digest_of_abc);
  for (const std::string_view piece : {"a", "", "bc"}) sha.update(as_bytes(piece));
  EXPECT_EQ(to_string(sha.finish()), digest_of_abc);
  EXPECT_EQ(to_string(sha.finish()), digest_of_nothing);
}

TEST(DigestStream, LeavesTheDigestsOfBothDirections) {
  const auto all = summaries<DigestStream>(
      {client(99).syn(), client(102, "c").ack(), client(100, "ab").ack(), server(1, "abc").ack()});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(digest(all[0], TcpFlowDirection::client_to_server), digest_of_abc);
  EXPECT_EQ(digest(all[0], TcpFlowDirection::server_to_client), digest_of_abc);
}

TEST(DigestStream, LeavesGapsOut) {
  const auto all =
      summaries<DigestStream>({client(99).syn(), client(100, "a").ack(), client(111, "bc").ack()});
  EXPECT_EQ(digest(all.at(0), TcpFlowDirection::client_to_server), digest_of_abc);
  EXPECT_EQ(digest(all.at(0), TcpFlowDirection::server_to_client), digest_of_nothing);
}

TEST(DigestStream, KeepsItsDirectionsWhenTheServerTurnsOutToBeTheClient) {
  const auto all =
      summaries<DigestStream>({server(300, "abc").ack(), client(99).syn().ack(), client(100, "x").ack()});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].sender(TcpFlowDirection::client_to_server), "10.0.0.2:80");
  EXPECT_EQ(digest(all[0], TcpFlowDirection::client_to_server), digest_of_abc);
}

}  // namespace
}  // namespace restitch
