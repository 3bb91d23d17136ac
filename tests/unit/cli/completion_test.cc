#include "cli/completion.h"

#include <gmock/gmock.h>

namespace restitch::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

Flag flag(Words names, std::string value = {}, Words words = {}) {
  const bool takes_word = !value.empty() && value.front() != '[';
  return {.names = std::move(names),
          .value = std::move(value),
          .summary = "What it does",
          .description = {},
          .group = {},
          .words = std::move(words),
          .takes_word = takes_word};
}

std::vector<CommandTable> commands() {
  Flag list = flag({"--key"}, "LIST", {"vlan", "tunnel"});
  list.takes_list = true;
  const Flag receiver = flag({"--receiver"}, "[PREFIX=]NAME", {"linux", "last"});
  std::vector<CommandTable> all = {
      {"streams",
       "List",
       {flag({"FILE"}), flag({"--json"}), flag({"-i", "--interface"}, "IFACE"), receiver, list}},
      {"follow",
       "Print",
       {flag({"N"}), flag({"FILE"}), flag({"-T", "--format"}, "FORMAT=ascii", {"ascii", "hex"}),
        flag({"-o"}, "DIR"), flag({"--timeout"}, "KIND=S", {"hole=", "idle="})}}};
  all[0].flags[3].takes_word = true;
  return all;
}

Words offered(const Words& line) {
  Words words;
  for (const Candidate& candidate : complete(line, commands()).candidates) words.push_back(candidate.word);
  return words;
}

Further further(const Words& line) { return complete(line, commands()).further; }

TEST(Completion, OffersCommandsAndFilesFirst) {
  EXPECT_THAT(offered({""}), ElementsAre("streams", "follow"));
  EXPECT_THAT(offered({"fo"}), ElementsAre("follow"));
  EXPECT_EQ(further({"fo"}), Further::files);
  EXPECT_THAT(offered({"streams", "fo"}), IsEmpty());
  EXPECT_THAT(offered({"a.pcap", "fo"}), IsEmpty());
  EXPECT_EQ(further({"a.pcap", "fo"}), Further::files);
}

TEST(Completion, OffersTheWordsOfWhatStandsByItsPlace) {
  const std::vector<CommandTable> batch = {
      {"batch", "List", {flag({"STEP"}, "", {"plan", "map", "reduce"}), flag({"FILE"})}}};
  const auto completed = [&](const Words& line) {
    Words words;
    for (const Candidate& candidate : complete(line, batch).candidates) words.push_back(candidate.word);
    return words;
  };
  EXPECT_THAT(completed({"batch", ""}), ElementsAre("plan", "map", "reduce"));
  EXPECT_THAT(completed({"batch", "m"}), ElementsAre("map"));
  EXPECT_THAT(completed({"batch", "map", ""}), IsEmpty());
}

TEST(Completion, OffersTheFlagsOfTheCommand) {
  EXPECT_THAT(offered({"streams", "--"}), ElementsAre("--json", "--interface", "--receiver", "--key"));
  EXPECT_THAT(offered({"follow", "-"}), ElementsAre("-T", "--format", "-o", "--timeout"));
  EXPECT_THAT(offered({"--v"}), ElementsAre("--version"));
  EXPECT_EQ(further({"streams", "--"}), Further::nothing);
}

TEST(Completion, OffersWhatAFlagTakes) {
  EXPECT_THAT(offered({"follow", "-T", ""}), ElementsAre("ascii", "hex"));
  EXPECT_THAT(offered({"follow", "0", "--format", "h"}), ElementsAre("hex"));
  EXPECT_THAT(offered({"follow", "--format=h"}), ElementsAre("--format=hex"));
  EXPECT_THAT(offered({"follow", "--no=h"}), IsEmpty());
  EXPECT_THAT(offered({"follow", "--timeout", "i"}), ElementsAre("idle="));
  EXPECT_THAT(offered({"follow", "--timeout", "idle="}), IsEmpty());
  EXPECT_EQ(further({"follow", "-o", ""}), Further::directories);
  EXPECT_EQ(further({"-i", ""}), Further::interfaces);
}

TEST(Completion, GoesOnBehindACommaAndBehindAPrefix) {
  EXPECT_THAT(offered({"--key", "v"}), ElementsAre("vlan"));
  EXPECT_THAT(offered({"--key", "vlan,"}), ElementsAre("vlan,vlan", "vlan,tunnel"));
  EXPECT_THAT(offered({"--key=vlan,t"}), ElementsAre("--key=vlan,tunnel"));
  EXPECT_THAT(offered({"--receiver", "10.0.0.0/8=li"}), ElementsAre("10.0.0.0/8=linux"));
  EXPECT_THAT(offered({"--receiver=10.0.0.0/8=la"}), ElementsAre("--receiver=10.0.0.0/8=last"));
}

TEST(Completion, KnowsWhatStandsInWhichPlace) {
  EXPECT_EQ(further({"follow", ""}), Further::nothing);  // N
  EXPECT_EQ(further({"follow", "0", ""}), Further::files);
  EXPECT_EQ(further({"follow", "-T", "hex", ""}), Further::nothing);
  EXPECT_EQ(further({"follow", "-T", "hex", "0", ""}), Further::files);
  EXPECT_EQ(further({"--", "-"}), Further::files);
  EXPECT_THAT(offered({"--", "-"}), IsEmpty());
}

TEST(Completion, IsWrittenForTheScripts) {
  EXPECT_EQ(completion_text(complete(Words{"fo"}, commands())), "files\nfollow\tPrint\n");
  EXPECT_EQ(completion_text(complete(Words{"follow", "-o", ""}, commands())), "directories\n");
  EXPECT_EQ(completion_text(complete({}, commands())), "nothing\n");
}

}  // namespace
}  // namespace restitch::cli
