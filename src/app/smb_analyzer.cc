#include "app/smb_analyzer.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection smb_client = TcpFlowDirection::client_to_server;
constexpr std::uint8_t smb1_negotiate = 0x72;
// In front of each message of a session of NetBIOS: its kind and its length.
constexpr std::size_t smb_frame_head = 4;

// Those with which a session of NetBIOS begins, and is kept.
bool is_session_frame(std::uint8_t kind) { return kind >= 0x81 && kind <= 0x85; }

// How one side begins: with a message of version 2, or the question which version there is.
struct SmbStart {
  Fit fit = Fit::perhaps;
  bool second = false;
};

SmbStart smb_start(Bytes bytes, bool response) {
  while (bytes.size() >= smb_frame_head && is_session_frame(bytes[0])) {
    const std::size_t size = smb_frame_head + load_be24(bytes.data() + 1);
    if (bytes.size() < size) return {};
    bytes = bytes.subspan(size);
  }
  if (!bytes.empty() && bytes[0] != 0 && !is_session_frame(bytes[0])) return {Fit::no};
  if (bytes.size() < smb_frame_head + 4) return {};
  const Bytes message = bytes.subspan(smb_frame_head);
  const std::size_t size = load_be24(bytes.data() + 1);
  if (is_smb(message, 0xff)) {
    if (message.size() == 4) return {};
    return {message[4] == smb1_negotiate && size > 32 ? Fit::yes : Fit::no};
  }
  if (!is_smb(message, 0xfe) || size < SmbHeader::bytes) return {Fit::no};
  if (message.size() < 17) return {};
  return {(message[16] & 1) == static_cast<int>(response) ? Fit::yes : Fit::no, true};
}

}  // namespace

Fit SmbAnalyzer::fit(Bytes client, Bytes server) {
  const SmbStart said = smb_start(client, false);
  const SmbStart told = smb_start(server, true);
  if (said.fit == Fit::no || told.fit == Fit::no) return Fit::no;
  if (said.fit == Fit::yes && said.second) return Fit::yes;
  if (told.fit == Fit::yes) return told.second ? Fit::yes : Fit::no;
  return Fit::perhaps;
}

std::unique_ptr<Analyzer> SmbAnalyzer::make(AppServices& services) {
  return std::make_unique<SmbAnalyzer>(services);
}

AnalyzerAnswer SmbAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) {
  if (!std::exchange(named_, true)) findings.name_service("smb");
  std::size_t at = 0;
  while (at < input.bytes().size()) {
    const std::size_t taken = step(direction, input, at, findings);
    if (foreign_) return {at, Need::foreign};
    if (taken == 0) break;
    at += taken;
  }
  return {at, Need::more};
}

// Takes what comes next; 0: more is needed.
std::size_t SmbAnalyzer::step(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t at,
                              Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const Bytes bytes = input.bytes().subspan(at);
  if (side.lost) return find_frame(side, bytes);
  if (side.skip_left > 0) return skip(side, side.skip_left, bytes.size());
  if (side.data.size > 0) return pass_data(direction, input, at, findings);
  if (side.after_left > 0) return skip(side, side.after_left, bytes.size());
  if (side.frame_left == 0) return begin_frame(side, bytes);
  return begin_message(direction, bytes, input.origin(at), findings);
}

std::size_t SmbAnalyzer::begin_frame(Side& side, Bytes bytes) {
  if (bytes.size() < smb_frame_head) return 0;
  if (bytes[0] != 0 && !is_session_frame(bytes[0])) foreign_ = true;
  side.frame_left = load_be24(bytes.data() + 1);
  if (bytes[0] != 0) side.skip_left = side.frame_left;
  return smb_frame_head;
}

// Bytes are missing: the next message is the one that looks like one.
std::size_t SmbAnalyzer::find_frame(Side& side, Bytes bytes) {
  std::size_t at = 0;
  while (at + smb_frame_head + 4 <= bytes.size()) {
    if (bytes[at] == 0 && is_smb(bytes.subspan(at + smb_frame_head), 0xfe)) {
      side = {};
      return at + begin_frame(side, bytes.subspan(at));
    }
    ++at;
  }
  return at;
}

std::size_t SmbAnalyzer::begin_message(TcpFlowDirection direction, Bytes bytes, const Origin& origin,
                                       Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const auto frame = static_cast<std::size_t>(side.frame_left);
  if (bytes.size() < std::min(frame, SmbHeader::bytes)) return 0;
  const bool other = is_smb(bytes, 0xff) || is_smb(bytes, 0xfd) || is_smb(bytes, 0xfc);
  const bool whole = frame >= SmbHeader::bytes && is_smb(bytes, 0xfe);
  const SmbHeader header = whole ? SmbHeader::read(bytes) : SmbHeader();
  const std::size_t size = header.next == 0 ? frame : header.next;
  if (!whole || size > frame || size < SmbHeader::bytes) {
    if (!other) tell_bad_message(direction, origin, findings);
    side.skip_left = frame;
    return skip(side, side.skip_left, bytes.size());
  }
  if (bytes.size() < std::min(size, header.needed())) return 0;
  const std::size_t seen = std::min(bytes.size(), size);
  // The name of a CREATE lies behind its fields.
  if (header.command == SmbCommand::create && !header.response && seen >= header.needed()) {
    const std::size_t end = std::size_t{load_le16(bytes.data() + SmbHeader::bytes + 44)} +
                            load_le16(bytes.data() + SmbHeader::bytes + 46);
    if (seen < end && end <= size && end < Analyzer::held_max) return 0;
  }
  side.skip_left = size;
  read_message(direction, header, bytes.first(seen), origin, findings);
  return skip(side, side.skip_left, seen);
}

void SmbAnalyzer::read_message(TcpFlowDirection direction, const SmbHeader& header, Bytes bytes,
                               const Origin& origin, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  // A response to an error may be shorter than one.
  const bool whole = bytes.size() >= header.needed() || (header.response && !header.succeeded());
  if (!whole || header.response != (direction != smb_client)) return;
  const std::optional<SmbData> data = header.response ? files_.response(findings, header, bytes, origin)
                                                      : files_.request(findings, header, bytes, origin);
  if (!data || data->begin > side.skip_left || data->size > side.skip_left - data->begin) return;
  side.data = *data;
  side.after_left = side.skip_left - data->begin - data->size;
  side.skip_left = data->begin;
}

std::size_t SmbAnalyzer::pass_data(TcpFlowDirection direction, const AnalyzerInput& input, std::size_t at,
                                   Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(side.data.size, input.run(at)));
  files_.data(findings, direction, side.data, input.bytes().subspan(at, size), input.origin(at));
  side.data.offset += size;
  return skip(side, side.data.size, size);
}

// Takes as much of `left` as is there.
std::size_t SmbAnalyzer::skip(Side& side, std::uint64_t& left, std::size_t size) {
  size = static_cast<std::size_t>(std::min<std::uint64_t>(left, size));
  left -= size;
  side.frame_left -= size;
  return size;
}

void SmbAnalyzer::tell_bad_message(TcpFlowDirection direction, const Origin& origin, Findings& findings) {
  if (!std::exchange(told_, true)) findings.anomaly("smb_bad_message", direction, origin);
}

void SmbAnalyzer::gap(TcpFlowDirection direction, std::uint64_t size, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  const auto lose = [&](std::uint64_t& left) {
    const std::uint64_t lost = std::min(size, left);
    left -= lost;
    side.frame_left -= lost;
    size -= lost;
    return lost;
  };
  if (side.lost) return;
  lose(side.skip_left);
  if (const std::uint64_t lost = lose(side.data.size)) {
    files_.gap(findings, direction, side.data, lost);
    side.data.offset += lost;
  }
  lose(side.after_left);
  if (size == 0) return;
  // The rest of the frame cannot be read; where it ends is known.
  const bool within = size < side.frame_left;
  const std::uint64_t rest = within ? side.frame_left - size : 0;
  side = {};
  side.lost = !within;
  side.frame_left = side.skip_left = rest;
}

void SmbAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void SmbAnalyzer::close(Findings& findings) { files_.close(findings); }

}  // namespace restitch
