#include "app/smb_files.h"

#include <algorithm>

#include "base/bytes.h"
#include "restitch/app/services.h"

namespace restitch {
namespace {

// The file of the request before it in a compound.
constexpr std::uint64_t smb_related = ~std::uint64_t{0};
constexpr std::uint8_t smb_share_of_pipes = 2;

// The data that begin `begin` bytes behind the header's first one.
std::optional<SmbData> smb_data(std::uint64_t begin, std::uint64_t size, std::uint64_t offset,
                                const SmbFileId& file) {
  if (begin < SmbHeader::bytes || size == 0) return std::nullopt;
  return SmbData{begin, size, offset, file};
}

}  // namespace

// ---- The client ------------------------------------------------------------------------------------

std::optional<SmbData> SmbFiles::request(Findings& findings, const SmbHeader& header, Bytes message,
                                         const Origin& origin) {
  if (is_pipe(header.tree)) return std::nullopt;
  const std::uint8_t* body = message.data() + SmbHeader::bytes;
  switch (header.command) {
    case SmbCommand::create: {
      const std::size_t begin = load_le16(body + 44);
      const std::size_t size = load_le16(body + 46);
      asked_ = {header.message, smb_related};
      std::string name;
      if (begin <= message.size() && size <= message.size() - begin) {
        name = smb_text(message.subspan(begin, size));
      }
      remember(findings, header, {header.command, asked_, 0, std::move(name)}, origin);
      break;
    }
    case SmbCommand::close:
      remember(findings, header, {header.command, smb_file_id(body + 8), 0, {}}, origin);
      break;
    case SmbCommand::read:
      remember(findings, header, {header.command, smb_file_id(body + 16), load_le64(body + 8), {}}, origin);
      break;
    case SmbCommand::write: {
      SmbFileId id = smb_file_id(body + 16);
      // It goes to a file whose number is not known yet.
      const auto asked = requests_.find(asked_.first);
      const bool opens = id.second == smb_related && asked != requests_.end();
      if (id.second == smb_related) id = opens ? asked_ : created_.value_or(id);
      if (id.second == smb_related && !opens) return std::nullopt;
      const std::string name = opens ? asked->second.name : std::string();
      open(findings, id, name, origin);
      return smb_data(load_le16(body + 2), load_le32(body + 4), load_le64(body + 8), id);
    }
    default:
      break;
  }
  return std::nullopt;
}

void SmbFiles::remember(Findings& findings, const SmbHeader& header, Request request, const Origin& origin) {
  if (const auto same = requests_.find(header.message); same != requests_.end()) forget(same);
  request_names_ += request.name.size();
  const auto at = requests_.emplace(header.message, std::move(request)).first;
  const std::size_t names_max = findings.services().limits().header_max;
  while (requests_.size() > requests_max || request_names_ > names_max) {
    tell_once(findings, requests_told_, "smb_too_many_requests", origin);
    const bool own = requests_.begin() == at;
    forget(requests_.begin());
    if (own) return;
  }
}

void SmbFiles::forget(Requests::iterator at) {
  request_names_ -= at->second.name.size();
  requests_.erase(at);
}

// ---- The server ------------------------------------------------------------------------------------

std::optional<SmbData> SmbFiles::response(Findings& findings, const SmbHeader& header, Bytes message,
                                          const Origin& origin) {
  const std::uint8_t* body = message.data() + SmbHeader::bytes;
  if (header.command == SmbCommand::tree_connect && header.status == 0 && !header.async) {
    const bool pipe = body[2] == smb_share_of_pipes;
    if (pipe && !is_pipe(header.tree) && pipes_.size() < pipes_max) pipes_.push_back(header.tree);
    return std::nullopt;
  }
  const auto found = requests_.find(header.message);
  const bool answers = found != requests_.end() && found->second.command == header.command;
  if (!answers || header.pending()) return std::nullopt;
  const Request request = std::move(found->second);
  request_names_ -= request.name.size();
  requests_.erase(found);
  if (header.command == SmbCommand::create) {
    created(findings, header, request, message, origin);
    return std::nullopt;
  }
  const std::optional<SmbFileId> id = resolved(request.file);
  if (!id) return std::nullopt;
  if (header.command == SmbCommand::close) end(findings, *id, header.succeeded());
  if (header.command != SmbCommand::read || !header.succeeded()) return std::nullopt;
  // One whose CREATE was not captured has no name, but bytes.
  open(findings, *id, {}, origin);
  return smb_data(body[2], load_le32(body + 4), request.offset, *id);
}

void SmbFiles::created(Findings& findings, const SmbHeader& header, const Request& request, Bytes message,
                       const Origin& origin) {
  created_.reset();
  if (!header.succeeded()) return end(findings, request.file, false);
  const std::uint8_t* body = message.data() + SmbHeader::bytes;
  const SmbFileId id = smb_file_id(body + 64);
  if (id.second == smb_related) return end(findings, request.file, false);
  created_ = id;
  end(findings, id, false);
  const auto early = by_id_.find(request.file);
  if (early != by_id_.end()) {
    // Something was written before the server said its number.
    auto node = by_id_.extract(early);
    node.key() = id;
    node.mapped()->first = id;
    by_id_.insert(std::move(node));
  }
  open(findings, id, request.name, origin).set_size(load_le64(body + 48));
}

std::optional<SmbFileId> SmbFiles::resolved(const SmbFileId& id) const {
  return id.second == smb_related ? created_ : id;
}

// ---- The files -------------------------------------------------------------------------------------

SmbFile* SmbFiles::find(const SmbFileId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  open_.splice(open_.begin(), open_, found->second);
  return &found->second->second;
}

SmbFile& SmbFiles::open(Findings& findings, const SmbFileId& id, std::string_view name,
                        const Origin& origin) {
  if (SmbFile* known = find(id)) return *known;
  const AppLimits& limits = findings.services().limits();
  while (!open_.empty() &&
         (open_.size() >= limits.streams_max || open_names_ + name.size() > 16 * limits.header_max)) {
    tell_once(findings, files_told_, "smb_too_many_files", origin);
    end(findings, std::prev(open_.end()), false);
  }
  open_.emplace_front(id, SmbFile(std::string(name)));
  open_names_ += name.size();
  by_id_.emplace(id, open_.begin());
  return open_.front().second;
}

void SmbFiles::end(Findings& findings, const SmbFileId& id, bool closed) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) end(findings, found->second, closed);
}

void SmbFiles::end(Findings& findings, OpenList::iterator at, bool closed) {
  at->second.end(findings, room_, closed);
  open_names_ -= at->second.name().size();
  by_id_.erase(at->first);
  open_.erase(at);
}

void SmbFiles::data(Findings& findings, TcpFlowDirection direction, const SmbData& data, Bytes bytes,
                    const Origin& origin) {
  if (SmbFile* file = find(data.file)) file->data(findings, room_, direction, data.offset, bytes, origin);
}

void SmbFiles::gap(Findings& findings, TcpFlowDirection direction, const SmbData& data, std::uint64_t size) {
  if (SmbFile* file = find(data.file)) file->gap(findings, room_, direction, data.offset, size);
}

void SmbFiles::close(Findings& findings) {
  while (!open_.empty()) end(findings, std::prev(open_.end()), false);
}

bool SmbFiles::is_pipe(std::uint32_t tree) const {
  return std::find(pipes_.begin(), pipes_.end(), tree) != pipes_.end();
}

void SmbFiles::tell_once(Findings& findings, bool& told, std::string_view what, const Origin& origin) {
  if (!std::exchange(told, true)) findings.anomaly(what, TcpFlowDirection::client_to_server, origin);
}

}  // namespace restitch
