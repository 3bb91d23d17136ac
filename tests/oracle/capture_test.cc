// The same comparison through captures: the oracle plays cases to the kernel that runs here and writes down
// every packet of both directions; what restitch reads out of that capture, in process and with the command,
// has to be what the application read. Needs root and /dev/net/tun; skipped elsewhere.
//
// Fresh cases come from the oracle's generators. RESTITCH_ORACLE_SEED and RESTITCH_ORACLE_COUNT (default 1
// and 200) choose others, and more of them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "oracle/exceptions.h"
#include "restitch/capture.h"
#include "restitch/output_digest.h"
#include "support/oracle_listener.h"

namespace restitch::testing {
namespace {

namespace fs = std::filesystem;

const std::string oracle = RESTITCH_SOURCE_DIR "/../shared/oracle/";

std::string setting(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

bool run(const std::string& command) { return std::system((command + " >&2").c_str()) == 0; }

bool oracle_works() {
  static const bool works =
      fs::exists(oracle + "tcporacle.py") && run("python3 " + oracle + "tcporacle.py probe");
  return works;
}

// A folder of its own, gone afterwards.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("restitch-oracle-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string peer_of(const OracleCase& c) {
  const Json& flow = c.result().at("flow");
  return endpoint_to_string(address(flow.at(0)), flow.at(1));
}

void listen_to(const std::string& capture, OracleListener& listener) {
  auto reader = open_capture(capture);
  ASSERT_TRUE(reader) << reader.error().message;
  while (!(*reader)->finished()) {
    for (const Record& record : (*reader)->next_batch()) {
      listener.packet(record.link_type, record.frame, record.info.original_size, record.info);
    }
  }
  EXPECT_FALSE((*reader)->end().damaged);
}

std::string sha256(const std::string& text) {
  Sha256 digest;
  digest.update(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  return to_string(digest.finish());
}

// What the command says of each peer's streams: the digests of those that have bytes, in order.
using Digests = std::map<std::string, std::vector<std::string>>;

Digests read_with_command(const std::string& capture, const std::string& policy, const std::string& output) {
  Digests digests;
  EXPECT_TRUE(run("{ " RESTITCH_TOOL " streams -q --json --receiver " + policy + " " + capture + " > " +
                  output + "; }"));
  std::ifstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const Json stream = Json::parse(line);
    if (stream.at("bytes") != 0) digests[stream.at("src")].push_back(stream.at("sha256"));
  }
  return digests;
}

std::vector<std::string> digests_of(const Heard& heard) {
  std::vector<std::string> digests;
  for (const std::string& bytes : heard.streams) {
    if (!bytes.empty()) digests.push_back(sha256(bytes));
  }
  return digests;
}

// Plays the cases, and compares each.
void check(const std::string& cases_file, const Folder& folder) {
  const std::string results = folder.file("results.jsonl");
  const std::string capture = folder.file("capture.pcap");
  ASSERT_TRUE(
      run("python3 " + oracle + "tcporacle.py run " + cases_file + " " + results + " --pcap " + capture));
  std::map<std::string, OracleListener> listeners;
  std::map<std::string, Digests> commands;
  for (const char* policy : {"linux", "linux-oobinline"}) {
    listen_to(capture, listeners.try_emplace(policy, policy).first->second);
    commands[policy] = read_with_command(capture, policy, folder.file("streams.json"));
  }
  const auto cases = read_oracle_cases(results);
  EXPECT_FALSE(cases.empty());
  std::size_t unplayed = 0;
  for (const OracleCase& c : cases) {
    // On a busy machine the oracle may give up waiting for the kernel's SYN-ACK: then nothing was played.
    if (c.opening() == "listen" && c.option("syn_flags", std::string("S")) == "S" &&
        c.result().at("handshake").empty()) {
      ++unplayed;
      continue;
    }
    const std::string policy(c.linux_policy());
    Heard heard = as_far_as(c.expected(), listeners.at(policy).heard_from(peer_of(c)));
    if (policy == "linux-oobinline") heard.urgent.clear();
    if (find_oracle_exception(c.id()) == nullptr) {
      EXPECT_EQ(describe(heard), describe(c.expected())) << c.text();
    }
    EXPECT_EQ(commands[policy][peer_of(c)], digests_of(heard)) << c.text();
  }
  EXPECT_LT(unplayed * 20, cases.size()) << "hardly anything was played";
  for (const auto& [policy, listener] : listeners) EXPECT_TRUE(listener.counts_add_up()) << policy;
}

class Recorded : public ::testing::TestWithParam<std::string> {};

TEST_P(Recorded, CasesAreReadFromTheirCaptureAsTheKernelReadThem) {
  const std::string cases = oracle + "linux-6.18/" + GetParam() + ".jsonl";
  if (!fs::exists(cases)) GTEST_SKIP() << "no " << cases;
  if (!oracle_works()) GTEST_SKIP() << "the oracle cannot run here: it needs root and /dev/net/tun";
  check(cases, Folder());
}

std::string name_of(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(0, info.param.find(' '));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Captures, Recorded,
                         ::testing::Values("pairs", "triplets", "delivered", "random-dev", "evasion"),
                         name_of);

// What to generate: a name, and the generator's words before seed and count.
class Fresh : public ::testing::TestWithParam<std::string> {};

TEST_P(Fresh, CasesAreReadFromTheirCaptureAsTheKernelReadThem) {
  if (!oracle_works()) GTEST_SKIP() << "the oracle cannot run here: it needs root and /dev/net/tun";
  const Folder folder;
  const std::string cases = folder.file("cases.jsonl");
  const std::string count = setting("RESTITCH_ORACLE_COUNT", "200");
  const std::string words = GetParam().substr(GetParam().find(' ') + 1);
  const std::string how_many = words.starts_with("gen_evasion") ? " --mix " : " --count ";
  ASSERT_TRUE(run("python3 " + oracle + words + how_many + count + " --seed " +
                  setting("RESTITCH_ORACLE_SEED", "1") + " --out " + cases));
  check(cases, folder);
}

INSTANTIATE_TEST_SUITE_P(Captures, Fresh,
                         ::testing::Values("random gen_cases.py --group random",
                                           "delivered gen_cases.py --group delivered",
                                           "evasion gen_evasion.py"),
                         name_of);

}  // namespace
}  // namespace restitch::testing
