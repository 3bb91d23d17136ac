#include "app/smb_file.h"

#include <algorithm>

namespace restitch {

void SmbFile::data(Findings& findings, SmbRoom& room, TcpFlowDirection direction, std::uint64_t offset,
                   Bytes bytes, const Origin& origin) {
  run(direction).data(findings, room, about(), offset, bytes, origin);
  // What is written makes it longer.
  const bool written = direction == TcpFlowDirection::client_to_server;
  if (written && size_ && *size_ < offset) size_ = offset;
  if (written && size_ && *size_ - offset < bytes.size()) size_ = offset + bytes.size();
}

void SmbFile::gap(Findings& findings, SmbRoom& room, TcpFlowDirection direction, std::uint64_t offset,
                  std::uint64_t size) {
  run(direction).gap(findings, room, offset, size);
}

void SmbFile::end(Findings& findings, SmbRoom& room, bool closed) {
  for (SmbRun& run : runs_) run.end(findings, room, about(), closed);
}

}  // namespace restitch
