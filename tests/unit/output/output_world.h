// Runs packets through an assembler into the streams of the output module; and a folder that goes away.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "restitch/basic_assembler.h"
#include "restitch/output.h"
#include "support/test_packet.h"

namespace restitch::testing {

template <class S, class Factory>
void play(Factory& factory, const std::vector<TestPacket>& packets) {
  PoolOptions options;
  options.receiver = find_receiver_policy("capture");
  BasicStreamPool<S, Factory> pool(factory, options);
  BasicAssembler<S, Factory> assembler(pool);
  std::uint64_t number = 0;
  for (const TestPacket& packet : packets) {
    AssemblerContext context(packet.info(++number));
    assembler.assemble_with_context(packet.net(), packet.tcp(), context);
  }
  assembler.flush_all(EndReason::end_of_input);
}

// The summaries that streams of type S leave.
template <class S>
std::vector<ConnectionSummary> summaries(const std::vector<TestPacket>& packets) {
  std::vector<ConnectionSummary> all;
  ConnectionLog log([&](const ConnectionSummary& summary) { all.push_back(summary); });
  SummaryFactory<S> factory(log);
  play<S>(factory, packets);
  return all;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::path(::testing::TempDir()) / "restitch-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string path(const std::string& name = {}) const {
    return name.empty() ? path_.string() : (path_ / name).string();
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  // Names of all files, folders left out, sorted.
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      if (!entry.is_directory()) names.push_back(std::filesystem::relative(entry.path(), path_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path path_;
};

// "10.0.0.1:40000 says ab, then X is lost, then ef": SYNs, two pieces with a gap of two bytes.
inline std::vector<TestPacket> with_gap() {
  return {client(99).syn().at(1),        server(299).syn().ack().at(2),     client(100, "ab").ack().at(3),
          client(104, "ef").ack().at(4), server(300, "answer").ack().at(5), client(106).fin().ack().at(6),
          server(306).fin().ack().at(7)};
}

}  // namespace restitch::testing
