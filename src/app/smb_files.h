// SmbFiles: the open files of a connection, and the requests that wait for their responses, which say what
// file data are of. At most AppLimits::streams_max files, whose names take at most 16 times
// AppLimits::header_max: beyond that the idlest is reported as it is; and 4,096 requests, whose names take at
// most AppLimits::header_max: beyond that the oldest is forgotten. Owned by an SmbAnalyzer; findings are lent
// for the call. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/smb_file.h"
#include "app/smb_message.h"

namespace restitch {

// The data that a READ or WRITE carries.
struct SmbData {
  std::uint64_t begin = 0;  // in its message
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // in the file
  SmbFileId file{};
};

class SmbFiles {
 public:
  explicit SmbFiles(AppServices& services) : room_(services) {}

  // A message of the client, and one of the server. Answers what data it carries. Requires: header.needed()
  // bytes of it are there.
  std::optional<SmbData> request(Findings& findings, const SmbHeader& header, Bytes message,
                                 const Origin& origin);
  std::optional<SmbData> response(Findings& findings, const SmbHeader& header, Bytes message,
                                  const Origin& origin);

  // Bytes of the data, and bytes of them that were not captured.
  void data(Findings& findings, TcpFlowDirection direction, const SmbData& data, Bytes bytes,
            const Origin& origin);
  void gap(Findings& findings, TcpFlowDirection direction, const SmbData& data, std::uint64_t size);
  // Reports what is open, in the order in which it was opened or used last.
  void close(Findings& findings);

 private:
  struct Request {
    SmbCommand command{};
    SmbFileId file{};
    std::uint64_t offset = 0;  // of READ
    std::string name;          // of CREATE
  };
  using Requests = std::map<std::uint64_t, Request>;
  using Open = std::pair<SmbFileId, SmbFile>;
  using OpenList = std::list<Open>;

  static constexpr std::size_t requests_max = 4'096;
  static constexpr std::size_t pipes_max = 64;

  void remember(Findings& findings, const SmbHeader& header, Request request, const Origin& origin);
  void forget(Requests::iterator at);
  void created(Findings& findings, const SmbHeader& header, const Request& request, Bytes message,
               const Origin& origin);
  [[nodiscard]] std::optional<SmbFileId> resolved(const SmbFileId& id) const;
  // nullptr: it is not open.
  SmbFile* find(const SmbFileId& id);
  // One that is open, or becomes so.
  SmbFile& open(Findings& findings, const SmbFileId& id, std::string_view name, const Origin& origin);
  void end(Findings& findings, const SmbFileId& id, bool closed);
  void end(Findings& findings, OpenList::iterator at, bool closed);
  [[nodiscard]] bool is_pipe(std::uint32_t tree) const;
  void tell_once(Findings& findings, bool& told, std::string_view what, const Origin& origin);

  SmbRoom room_;
  std::vector<std::uint32_t> pipes_;  // the trees that hold no files, but pipes
  Requests requests_;                 // by the numbers of their messages
  std::size_t request_names_ = 0;     // bytes
  OpenList open_;                     // the one that was used last in front
  std::map<SmbFileId, OpenList::iterator> by_id_;
  std::size_t open_names_ = 0;        // bytes
  SmbFileId asked_{};                 // stands for what the last CREATE opens
  std::optional<SmbFileId> created_;  // what the last one did open
  bool requests_told_ = false;
  bool files_told_ = false;
};

}  // namespace restitch
