// SmbFile: an open file of SMB2: its name, and what is read from it and written to it. Owned by SmbFiles;
// room and findings are lent for the call. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "app/smb_run.h"

namespace restitch {

class SmbFile {
 public:
  explicit SmbFile(std::string name) : name_(std::move(name)) {}

  // When it was opened, it had so many bytes.
  void set_size(std::uint64_t size) { size_ = size; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // Bytes of a READ or WRITE at `offset` of the file, sent in `direction`.
  void data(Findings& findings, SmbRoom& room, TcpFlowDirection direction, std::uint64_t offset, Bytes bytes,
            const Origin& origin);
  void gap(Findings& findings, SmbRoom& room, TcpFlowDirection direction, std::uint64_t offset,
           std::uint64_t size);
  // Once. `closed`: the client closed it.
  void end(Findings& findings, SmbRoom& room, bool closed);

 private:
  SmbRun& run(TcpFlowDirection direction) { return runs_[static_cast<std::size_t>(direction)]; }
  [[nodiscard]] SmbRun::About about() const { return {name_, size_}; }

  std::string name_;
  std::optional<std::uint64_t> size_;
  std::array<SmbRun, 2> runs_{SmbRun(TcpFlowDirection::client_to_server),
                              SmbRun(TcpFlowDirection::server_to_client)};
};

}  // namespace restitch
