#include <gmock/gmock.h>

#include "output_world.h"

namespace restitch {
namespace {

using testing::client;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::server;
using testing::TemporaryFolder;
using testing::TestPacket;

const std::string sent_by_client = "010.000.000.001.40000-010.000.000.002.00080";
const std::string sent_by_server = "010.000.000.002.00080-010.000.000.001.40000";

// Extracts into the folder; what it counted, or the error.
struct Outcome {
  ExtractionCounts counts;
  std::string error = "none";
};

Outcome extract(const std::string& path, const std::vector<TestPacket>& packets,
                const ExtractionOptions& options = {}) {
  const auto extraction = Extraction::open(path, options);
  if (!extraction) return {{}, extraction.error().message};
  ConnectionLog log([](const ConnectionSummary&) {});
  FileStreamFactory factory(**extraction, log);
  testing::play<FileStream>(factory, packets);
  (*extraction)->finish();
  return {(*extraction)->counts(), (*extraction)->error() ? (*extraction)->error()->message : "none"};
}

TEST(FileStream, WritesAFileForEachDirectionAndAnIndex) {
  const TemporaryFolder folder;
  const Outcome outcome = extract(folder.path(), testing::with_gap());
  EXPECT_EQ(outcome.error, "none");
  EXPECT_EQ(outcome.counts.files, 2u);
  EXPECT_EQ(outcome.counts.bytes, 10u);
  EXPECT_THAT(folder.files(), ElementsAre(sent_by_client, sent_by_server, "index.jsonl"));
  EXPECT_EQ(folder.read(sent_by_client), "abef");
  EXPECT_EQ(folder.read(sent_by_server), "answer");
}

// As who is killed in the middle leaves it: the streams are not ended, nor the extraction finished.
TEST(FileStream, NeverIndexesWhatIsNotInTheFileYet) {
  const TemporaryFolder folder;
  const auto extraction = Extraction::open(folder.path(), {.limits = {.buffer_size = 2000}});
  ASSERT_TRUE(extraction);
  ConnectionLog log([](const ConnectionSummary&) {});
  FileStreamFactory factory(**extraction, log);
  BasicStreamPool<FileStream, FileStreamFactory> pool(factory);
  BasicAssembler<FileStream, FileStreamFactory> assembler(pool);
  for (std::uint32_t number = 0; number <= 200; ++number) {
    const TestPacket packet = number == 0 ? client(99).syn() : client(99 + number, "a").ack();
    AssemblerContext context(packet.info(number));
    assembler.assemble_with_context(packet.net(), packet.tcp(), context);
  }
  EXPECT_THAT(folder.read("index.jsonl"), HasSubstr("[127,127,1,"));
  EXPECT_GE(folder.read(sent_by_client).size(), 128u);
}

TEST(FileStream, IndexesWhichPacketBroughtWhat) {
  const TemporaryFolder folder;
  extract(folder.path(), testing::with_gap());
  EXPECT_EQ(
      folder.read("index.jsonl"),
      R"({"connection":0,"uid":"C2TgCnJewK5497GqZ0","community_id":"1:3k1SoWXs/FltHw2aBCgUTgbDQF4=",)"
      R"("src":"10.0.0.1:40000","dst":"10.0.0.2:80","client":"10.0.0.1:40000","bytes":4,)"
      R"("gaps":[[2,2]],"first_seen":1.000000000,"last_seen":6.000000000,"packets":4,"end":"end_of_input",)"
      R"("events":{"gap":1},"file":"010.000.000.001.40000-010.000.000.002.00080","file_size":4,)"
      R"("runs":[[0,0,2,3.000000000,3],[2,4,2,4.000000000,4]]})"
      "\n"
      R"({"connection":0,"uid":"C2TgCnJewK5497GqZ0","community_id":"1:3k1SoWXs/FltHw2aBCgUTgbDQF4=",)"
      R"("src":"10.0.0.2:80","dst":"10.0.0.1:40000","client":"10.0.0.1:40000","bytes":6,)"
      R"("gaps":[],"first_seen":2.000000000,"last_seen":7.000000000,"packets":3,"end":"end_of_input",)"
      R"("events":{},"file":"010.000.000.002.00080-010.000.000.001.40000","file_size":6,)"
      R"("runs":[[0,0,6,5.000000000,5]]})"
      "\n");
}

TEST(FileStream, PutsZerosIntoAGapWhenAsked) {
  const TemporaryFolder folder;
  const Outcome outcome = extract(folder.path(), testing::with_gap(), {.gaps = GapMode::zero});
  EXPECT_EQ(folder.read(sent_by_client), std::string("ab\0\0ef", 6));
  EXPECT_EQ(outcome.counts.zeros, 2u);
  EXPECT_THAT(folder.read("index.jsonl"),
              HasSubstr(R"("file_size":6,"runs":[[0,0,2,3.000000000,3],[4,4,2,)"));
}

TEST(FileStream, PutsZerosIntoAGapAtTheVeryStart) {
  const TemporaryFolder folder;
  extract(folder.path(), {client(99).syn(), client(103, "de").ack()}, {.gaps = GapMode::zero});
  EXPECT_EQ(folder.read(sent_by_client), std::string("\0\0\0de", 5));
}

TEST(FileStream, EndsTheFileAtTheFirstGapWhenAsked) {
  const TemporaryFolder folder;
  const Outcome outcome = extract(folder.path(), testing::with_gap(), {.gaps = GapMode::stop});
  EXPECT_EQ(folder.read(sent_by_client), "ab");
  EXPECT_EQ(folder.read(sent_by_server), "answer");
  EXPECT_EQ(outcome.counts.bytes_after_stop, 2u);
}

TEST(FileStream, FillsNoHostileHole) {
  const TemporaryFolder folder;
  const Outcome outcome =
      extract(folder.path(), {client(99).syn(), client(100, "a").ack(), client(0x7ff00000, "z").ack()},
              {.gaps = GapMode::zero});
  EXPECT_EQ(folder.read(sent_by_client), "az");
  EXPECT_EQ(outcome.counts.gaps_not_filled, 1u);
  EXPECT_EQ(outcome.counts.zeros, 0u);
  EXPECT_THAT(folder.read("index.jsonl"), HasSubstr("[1,2146434972,1,"));
}

TEST(FileStream, BoundsTheZerosOfAllFilesTogether) {
  const TemporaryFolder folder;
  std::vector<TestPacket> packets;
  for (std::uint16_t port = 1; port <= 4; ++port) {
    packets.push_back(client(99).syn().client_port(port));
    packets.push_back(client(110, "z").ack().client_port(port));
  }
  const Outcome outcome = extract(folder.path(), packets, {.gaps = GapMode::zero, .zeros_total_max = 25});
  EXPECT_EQ(outcome.counts.zeros, 20u);
  EXPECT_EQ(outcome.counts.gaps_not_filled, 2u);
}

// Three connections on the same addresses and ports, one after the other.
std::vector<TestPacket> three_times() {
  std::vector<TestPacket> packets;
  for (std::uint32_t base = 1'000'000; base <= 3'000'000; base += 1'000'000) {
    packets.push_back(client(base).syn().at(base / 1'000'000 * 1000));
    packets.push_back(client(base + 1, std::to_string(base)).ack().at(base / 1'000'000 * 1000));
    packets.push_back(client(base + 8).rst().at(base / 1'000'000 * 1000));
  }
  return packets;
}

TEST(FileStream, NumbersFilesOfTheSameAddressesAsTcpflowDoes) {
  const TemporaryFolder folder;
  extract(folder.path(), three_times());
  EXPECT_EQ(folder.read(sent_by_client), "1000000");
  EXPECT_EQ(folder.read(sent_by_client + "c1"), "2000000");
  EXPECT_EQ(folder.read(sent_by_client + "c2"), "3000000");
}

TEST(FileStream, StepsAsideForFilesThatAreThere) {
  const TemporaryFolder folder;
  folder.write(sent_by_client, "precious");
  std::filesystem::create_symlink(folder.path("victim"), folder.path(sent_by_client + "c1"));
  const Outcome outcome = extract(folder.path(), {client(99).syn(), client(100, "abc").ack()});
  EXPECT_EQ(outcome.error, "none");
  EXPECT_EQ(folder.read(sent_by_client), "precious");
  EXPECT_EQ(folder.read(sent_by_client + "c2"), "abc");
  EXPECT_FALSE(std::filesystem::exists(folder.path("victim")));
  EXPECT_THAT(folder.read("index.jsonl"), HasSubstr("00080c2\""));
}

TEST(FileStream, RefusesAFolderThatHoldsAnIndexBeforeAnythingIsWritten) {
  const TemporaryFolder folder;
  folder.write("index.jsonl", "of last week");
  const Outcome outcome = extract(folder.path(), {client(99).syn(), client(100, "abc").ack()});
  EXPECT_THAT(outcome.error, HasSubstr("index.jsonl is there already"));
  EXPECT_THAT(folder.files(), ElementsAre("index.jsonl"));
  EXPECT_EQ(folder.read("index.jsonl"), "of last week");
}

TEST(FileStream, WritesRunsOfALongStreamInSeveralLines) {
  const TemporaryFolder folder;
  std::vector<TestPacket> packets = {client(99).syn()};
  for (std::uint32_t i = 0; i < 300; ++i) packets.push_back(client(100 + i, "x").ack());
  extract(folder.path(), packets);
  const std::string index = folder.read("index.jsonl");
  EXPECT_EQ(std::count(index.begin(), index.end(), '\n'), 3);
  EXPECT_THAT(index, HasSubstr(R"({"file":"010.000.000.001.40000-010.000.000.002.00080","runs":[[0,0,1,)"));
  EXPECT_THAT(index, HasSubstr(R"("file_size":300,"runs":[[256,256,1,)"));
}

TEST(FileStream, KeepsItsDirectionsWhenTheServerTurnsOutToBeTheClient) {
  const TemporaryFolder folder;
  extract(folder.path(), {server(300, "abc").ack(), client(99).syn().ack(), client(100, "x").ack()});
  EXPECT_EQ(folder.read(sent_by_server), "abc");
  EXPECT_EQ(folder.read(sent_by_client), "x");
}

}  // namespace
}  // namespace restitch
