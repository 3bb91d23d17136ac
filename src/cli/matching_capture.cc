#include "cli/matching_capture.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "cli/messages.h"
#include "cli/session.h"
#include "restitch/output_pcapng.h"
#include "restitch/output_pipe.h"

namespace restitch::cli {
namespace {

// A new file, closed in the end; errno says why something could not be done, and stays for error().
class CaptureFile {
 public:
  explicit CaptureFile(const std::string& path) : file_(std::fopen(path.c_str(), "wbxe")) {
    note(file_ != nullptr);
    if (file_ == nullptr) return;
    packets_.append_start(block_);
    write();
  }
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  ~CaptureFile() { close(); }

  void add(const TcpSegment& tcp, const NetFlow& net, const PacketContext& packet) {
    packets_.append(block_, tcp, net, packet);
    write();
  }
  void close() {
    if (file_ != nullptr) note(std::fclose(std::exchange(file_, nullptr)) == 0);
  }

  [[nodiscard]] bool good() const { return error_ == 0; }
  // Of the first thing that failed; 0: none.
  [[nodiscard]] int error() const { return error_; }

 private:
  void write() {
    note(std::fwrite(block_.data(), 1, block_.size(), file_) == block_.size());
    block_.clear();
  }
  void note(bool done) {
    if (!done && error_ == 0) error_ = errno;
  }

  std::FILE* file_;
  PcapngPackets packets_;
  std::vector<std::uint8_t> block_;
  int error_ = 0;
};

}  // namespace

int write_matching_capture(const Options& options, const Selection& matching) {
  const std::string& path = options.grep.capture;
  CaptureFile file(path);
  const auto fail = [&] {
    const int error = file.error();
    say(fmt::format("{}: {}", path,
                    error == EEXIST ? "is there already; nothing is overwritten" : std::strerror(error)));
    return exit_input;
  };
  if (!file.good()) return fail();
  Options again = options;
  again.muted = again.quiet = true;
  again.verbose = false;
  Session session(again);
  if (!session.open()) return exit_input;
  ConnectionLog log([](const ConnectionSummary& /*summary*/) {}, ConnectionOrder::as_they_end,
                    options.memory.log);
  PacketPipe pipe([&](const TcpSegment& tcp, const NetFlow& net,
                      const PacketContext& packet) { file.add(tcp, net, packet); },
                  [&](const ConnectionSummary& summary) { return matching.has(summary.number); });
  PipedStreamFactory factory(pipe, log);
  session.run<PipedStream>(factory, [&] { return file.good(); });
  file.close();
  if (!file.good()) return fail();
  if (session.status() != exit_ok) say(path + ": not all packets of the matching connections are in it");
  return session.status();
}

}  // namespace restitch::cli
