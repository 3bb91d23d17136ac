#include "cli/nearest.h"

#include <gmock/gmock.h>

#include <array>

namespace restitch::cli {
namespace {

using ::testing::IsEmpty;

constexpr std::array<std::string_view, 3> names = {"streams", "extract", "log"};

Flag flag_named(std::vector<std::string> names) {
  return {.names = std::move(names), .value = {}, .summary = {}, .description = {}, .group = {}, .words = {}};
}

TEST(EditDistance, CountsLettersThatAreLeftOutPutInReplacedOrSwapped) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("extract", "extract"), 0u);
  EXPECT_EQ(edit_distance("extrct", "extract"), 1u);
  EXPECT_EQ(edit_distance("exttract", "extract"), 1u);
  EXPECT_EQ(edit_distance("extrakt", "extract"), 1u);
  EXPECT_EQ(edit_distance("etxract", "extract"), 1u);
  EXPECT_EQ(edit_distance("", "log"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("sitting", "kitten"), 3u);
}

TEST(Nearest, IsTheOneThatWasMeant) {
  EXPECT_EQ(nearest("extrct", names), "extract");
  EXPECT_EQ(nearest("stream", names), "streams");
  EXPECT_EQ(nearest("lgo", names), "log");
  EXPECT_EQ(nearest("ext", names), "extract");  // it begins so
}

TEST(Nearest, IsNoneWhereNoneIsLikeIt) {
  EXPECT_THAT(nearest("capture.pcap", names), IsEmpty());
  EXPECT_THAT(nearest("nowhere", names), IsEmpty());
  EXPECT_THAT(nearest("st", names), IsEmpty());
  EXPECT_THAT(nearest("extrct", {}), IsEmpty());
}

TEST(UnknownCommand, IsAboutAWordThatIsNoFileAndLikeACommand) {
  EXPECT_EQ(about_unknown_command("extrct", names),
            "extrct: there is no such command, and no such file; did you mean extract?");
  EXPECT_THAT(about_unknown_command("/", names), IsEmpty());
  EXPECT_THAT(about_unknown_command("log", names), IsEmpty());
  EXPECT_THAT(about_unknown_command("--log", names), IsEmpty());
  EXPECT_THAT(about_unknown_command("", names), IsEmpty());
}

TEST(UnknownFlag, IsToldWithTheOneThatIsMeantOrWithWhoHasIt) {
  const CommandTable streams{"streams", "", {flag_named({"--json"}), flag_named({"-c", "--count"})}};
  const CommandTable follow{"follow", "", {flag_named({"-T", "--format"})}};
  const CommandTable log{"log", "", {flag_named({"--format"})}};
  const std::array all = {streams, follow, log};
  EXPECT_EQ(about_unknown_flag("--jsn", streams, all),
            "--jsn: streams has no such flag; did you mean --json?");
  EXPECT_EQ(about_unknown_flag("-json", streams, all), "-j: streams has no such flag; did you mean --json?");
  EXPECT_EQ(about_unknown_flag("--cuont=7", streams, all),
            "--cuont: streams has no such flag; did you mean --count?");
  EXPECT_EQ(about_unknown_flag("--format=csv", streams, all),
            "--format: streams has no such flag; follow and log have it");
  EXPECT_EQ(about_unknown_flag("-Thex", streams, all), "-T: streams has no such flag; follow has it");
  EXPECT_EQ(about_unknown_flag("--bogus", streams, all), "--bogus: streams has no such flag");
}

}  // namespace
}  // namespace restitch::cli
