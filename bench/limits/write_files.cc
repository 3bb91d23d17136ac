// The limit of `restitch extract`: reads a capture, finds the flow of each packet, and writes its payload
// into the file of that flow, in pieces of 64 KiB; nothing else. It is right only where every flow is in
// order and has its own ports (workloads A and B), and it writes no index.
//
//   bench_write_files CAPTURE FOLDER          FOLDER is there; file names as those of restitch extract
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "limits/track_table.h"
#include "restitch/capture.h"
#include "restitch/output_names.h"

namespace restitch::bench {

namespace {

constexpr std::size_t piece_size = std::size_t{64} << 10;

class WrittenFile {
 public:
  void append(int folder, const DecodedPacket& packet) {
    const Bytes bytes = packet.tcp.payload;
    if (name_.empty()) name_ = name_of(packet);
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    if (buffer_.size() >= piece_size) write_out(folder);
  }

  void finish(int folder) {
    if (!buffer_.empty()) write_out(folder);
    if (fd_ >= 0) ::close(fd_);
    *this = {};
  }

 private:
  static std::string name_of(const DecodedPacket& packet) {
    return NameTemplate().expand({.source = packet.net.source,
                                  .destination = packet.net.destination,
                                  .source_port = packet.tcp.source_port,
                                  .destination_port = packet.tcp.destination_port});
  }

  void write_out(int folder) {
    if (fd_ < 0) fd_ = ::openat(folder, name_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
    const ssize_t written = ::write(fd_, buffer_.data(), buffer_.size());
    if (written != static_cast<ssize_t>(buffer_.size())) std::perror(name_.c_str());
    buffer_.clear();
  }

  std::string name_;
  std::vector<std::uint8_t> buffer_;
  int fd_ = -1;
};

int write_files(CaptureReader& reader, int folder) {
  const auto hash = [](const TrackKey& key) { return TrackTable::hash_of(key); };
  std::unordered_map<TrackKey, WrittenFile, decltype(hash)> files(1 << 16, hash);
  while (!reader.finished()) {
    for (const Record& record : reader.next_batch()) {
      const DecodedPacket packet = decode(record.link_type, record.frame, record.info.original_size);
      if (packet.reason != DropReason::none) continue;
      WrittenFile& file = files[key_of(packet)];
      if (!packet.tcp.payload.empty()) file.append(folder, packet);
      if (packet.tcp.fin()) file.finish(folder);
    }
  }
  for (auto& [key, file] : files) file.finish(folder);
  return reader.end().damaged ? 2 : 0;
}

int main_of(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: bench_write_files CAPTURE FOLDER\n", stderr), 1;
  auto reader = open_capture(argv[1]);
  if (!reader) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 2;
  const int folder = ::open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return std::perror(argv[2]), 2;
  return write_files(**reader, folder);
}

}  // namespace

}  // namespace restitch::bench

int main(int argc, char** argv) { return restitch::bench::main_of(argc, argv); }
