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

// A new file, closed in the end.
class CaptureFile {
 public:
  explicit CaptureFile(const std::string& path) : file_(std::fopen(path.c_str(), "wbxe")) {
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
  // False: something could not be written; errno says why.
  bool close() {
    if (file_ == nullptr) return good_;
    const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
    return good_ = good_ && closed;
  }

  [[nodiscard]] bool open() const { return file_ != nullptr; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  void write() {
    good_ = good_ && std::fwrite(block_.data(), 1, block_.size(), file_) == block_.size();
    block_.clear();
  }

  std::FILE* file_;
  PcapngPackets packets_;
  std::vector<std::uint8_t> block_;
  bool good_ = true;
};

}  // namespace

bool write_matching_capture(const Options& options, const Selection& matching) {
  const std::string& path = options.grep.capture;
  CaptureFile file(path);
  const auto fail = [&] {
    say(fmt::format("{}: {}", path,
                    errno == EEXIST ? "is there already; nothing is overwritten" : std::strerror(errno)));
    return false;
  };
  if (!file.open()) return fail();
  Options again = options;
  again.muted = again.quiet = true;
  again.verbose = false;
  Session session(again);
  if (!session.open()) return false;
  ConnectionLog log([](const ConnectionSummary& /*summary*/) {}, ConnectionOrder::as_they_end,
                    options.memory.log);
  PacketPipe pipe([&](const TcpSegment& tcp, const NetFlow& net,
                      const PacketContext& packet) { file.add(tcp, net, packet); },
                  [&](const ConnectionSummary& summary) { return matching.has(summary.number); });
  PipedStreamFactory factory(pipe, log);
  session.run<PipedStream>(factory, [&] { return file.good(); });
  return file.close() || fail();
}

}  // namespace restitch::cli
