// Runs the command as a user does, and makes small captures for it to read.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "support/frame_builder.h"
#include "unit/capture/capture_builder.h"

namespace restitch::testing {

// The bundled capture; quoted: as a word of a shell.
inline const std::string sample = RESTITCH_SOURCE_DIR "/tests/data/sample.pcapng";
inline const std::string quoted_sample = "'" + sample + "'";

inline std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

struct ToolRun {
  int status = -1;  // exit status; 128 and the number of the signal that killed it
  std::string out;
  std::string err;
};

class ToolTest : public ::testing::Test {
 protected:
  ToolTest() {
    std::string name = (std::filesystem::path(::testing::TempDir()) / "restitch-tool-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~ToolTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return path(name);
  }
  std::string write(const std::string& name, const ByteVector& bytes) const {
    return write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }

  // A command line for the shell in which @ is the tool; run in the test's own folder.
  [[nodiscard]] ToolRun run(std::string line) const {
    for (std::size_t at = line.find('@'); at != std::string::npos; at = line.find('@', at)) {
      line.replace(at, 1, "'" RESTITCH_TOOL "'");
      at += sizeof RESTITCH_TOOL + 1;
    }
    const std::string command = "cd '" + folder_.string() + "' && { " + line + "\n} >.out 2>.err </dev/null";
    const int status = ::system(command.c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, read(".out"), read(".err")};
  }

 private:
  std::filesystem::path folder_;
};

// A raw-IP capture of segments between 10.0.0.1 and 192.0.2.1:80, one a second.
class SmallCapture {
 public:
  SmallCapture() : file_(Order::little, {.link_type = 101}) {}

  SmallCapture& client(std::uint32_t seq, TcpFlags flags, std::string_view payload = {},
                       std::uint16_t port = 40000) {
    return add("10.0.0.1", "192.0.2.1", port, 80, seq, flags, payload);
  }
  SmallCapture& server(std::uint32_t seq, TcpFlags flags, std::string_view payload = {},
                       std::uint16_t port = 40000) {
    return add("192.0.2.1", "10.0.0.1", 80, port, seq, flags, payload);
  }
  [[nodiscard]] const ByteVector& bytes() const { return file_.bytes; }

 private:
  SmallCapture& add(const char* from, const char* to, std::uint16_t source, std::uint16_t destination,
                    std::uint32_t seq, TcpFlags flags, std::string_view payload) {
    const Frame frame = FrameBuilder()
                            .raw()
                            .ipv4(from, to)
                            .tcp(source, destination)
                            .seq(seq)
                            .flags(flags)
                            .payload(payload)
                            .build();
    file_.record(1'600'000'000 + seconds_++, 250'000,
                 std::string_view(reinterpret_cast<const char*>(frame.data()), frame.size()));
    return *this;
  }

  PcapBuilder file_;
  std::uint32_t seconds_ = 0;
};

constexpr TcpFlags syn_flags{0x02};
constexpr TcpFlags syn_ack_flags{0x12};
constexpr TcpFlags ack_flags{0x10};
constexpr TcpFlags fin_ack_flags{0x11};

// One conversation: "hello", "world", with nothing missing.
inline SmallCapture hello_world() {
  return SmallCapture()
      .client(99, syn_flags)
      .server(299, syn_ack_flags)
      .client(100, ack_flags, "hello")
      .server(300, ack_flags, "world")
      .client(105, fin_ack_flags)
      .server(305, fin_ack_flags);
}

}  // namespace restitch::testing
