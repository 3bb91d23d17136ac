#include "app/ssh_analyzer.h"

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/digests.h"
#include "app/word_fit.h"
#include "base/bytes.h"

namespace restitch {
namespace {

constexpr TcpFlowDirection ssh_client = TcpFlowDirection::client_to_server;

// RFC 4253 lets every peer take 35,000 bytes.
constexpr std::size_t ssh_packet_max = 36'000;
constexpr std::uint8_t ssh_kexinit = 20;

constexpr std::string_view ssh_versions[] = {"SSH-2.", "SSH-1."};

// The lists of a KEXINIT.
enum SshList : std::size_t {
  ssh_kex,
  ssh_key,
  ssh_cipher_up,
  ssh_cipher_down,
  ssh_mac_up,
  ssh_mac_down,
  ssh_zip_up,
  ssh_zip_down
};

std::string hassh_text(const std::array<std::string, 8>& names, bool client) {
  return names[ssh_kex] + ";" + names[client ? ssh_cipher_up : ssh_cipher_down] + ";" +
         names[client ? ssh_mac_up : ssh_mac_down] + ";" + names[client ? ssh_zip_up : ssh_zip_down];
}

// Whether a list with commas has a name.
bool lists_name(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t size = std::min(list.find(','), list.size());
    if (list.substr(0, size) == name) return true;
    list.remove_prefix(std::min(size + 1, list.size()));
  }
  return false;
}

}  // namespace

Fit SshAnalyzer::fit(Bytes client, Bytes server) {
  const Fit said = word_fit(ascii::text_of(client), ssh_versions);
  const Fit told = word_fit(ascii::text_of(server), ssh_versions);
  if (said == Fit::no || told == Fit::no) return Fit::no;
  return said == Fit::yes || told == Fit::yes ? Fit::yes : Fit::perhaps;
}

std::unique_ptr<Analyzer> SshAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<SshAnalyzer>();
}

AnalyzerAnswer SshAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input, Findings& findings) {
  Side& side = sides_[static_cast<std::size_t>(direction)];
  std::size_t at = 0;
  if (side.state == State::identification) {
    const auto line = side.lines.next(input.bytes(), at, input.forced());
    if (!line) return {at, Need::more};
    findings.name_service("ssh");
    identify(direction, line->text, input.origin(line->begin));
    const bool second = line->text.starts_with("SSH-2.") || line->text.starts_with("SSH-1.99");
    side.state = second ? State::packet : State::done;
  }
  if (side.state == State::packet) at += take_packet(side, input.bytes().subspan(at), input.forced());
  if (side.state != State::done) return {at, Need::more};
  finish(findings);
  return {at, Need::nothing};
}

// "SSH-2.0-OpenSSH_9.2 Debian": the version of the protocol, the software, and a comment.
void SshAnalyzer::identify(TcpFlowDirection direction, std::string_view line, const Origin& origin) {
  if (record_.origin.time.ns == 0) record_.origin = origin;
  const bool client = direction == ssh_client;
  (client ? record_.client_line : record_.server_line) = line;
  line.remove_prefix(std::min<std::size_t>(4, line.size()));
  const std::size_t dash = std::min(line.find('-'), line.size());
  (client ? record_.client_protocol : record_.server_protocol) = line.substr(0, dash);
  line.remove_prefix(std::min(dash + 1, line.size()));
  (client ? record_.client_software : record_.server_software) = line.substr(0, line.find(' '));
}

// The first packet behind the identification. Answers how much was consumed.
std::size_t SshAnalyzer::take_packet(Side& side, Bytes bytes, bool forced) {
  if (forced) side.state = State::done;
  if (bytes.size() < 6) return 0;
  const std::size_t size = load_be32(bytes.data());
  if (size < 2 || size > ssh_packet_max || bytes[5] != ssh_kexinit) {
    side.state = State::done;
    return 0;
  }
  if (bytes.size() - 4 < size) return 0;
  side.state = State::done;
  const std::size_t padding = std::min<std::size_t>(bytes[4], size - 2);
  if (!read_names(side, bytes.subspan(6, size - 2 - padding))) side.names = {};
  return size + 4;
}

// `payload`: behind its type.
bool SshAnalyzer::read_names(Side& side, Bytes payload) {
  if (payload.size() < 16) return false;
  payload = payload.subspan(16);  // the cookie
  for (std::string& names : side.names) {
    if (payload.size() < 4) return false;
    const std::size_t size = load_be32(payload.data());
    if (payload.size() - 4 < size) return false;
    names = ascii::text_of(payload.subspan(4, size));
    payload = payload.subspan(4 + size);
  }
  return true;
}

void SshAnalyzer::finish(Findings& findings) {
  if (sides_[0].state == State::done && sides_[1].state == State::done) tell(findings);
}

// The first of the client's that the server has too.
std::string SshAnalyzer::agreed(std::size_t list) const {
  std::string_view names = sides_[0].names[list];
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    if (lists_name(sides_[1].names[list], name)) return std::string(name);
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return {};
}

void SshAnalyzer::tell(Findings& findings) {
  if (std::exchange(told_, true)) return;
  if (!sides_[0].names[ssh_kex].empty()) {
    record_.client_hassh_text = hassh_text(sides_[0].names, true);
    record_.client_hassh = md5_hex(record_.client_hassh_text);
  }
  if (!sides_[1].names[ssh_kex].empty()) {
    record_.server_hassh_text = hassh_text(sides_[1].names, false);
    record_.server_hassh = md5_hex(record_.server_hassh_text);
  }
  record_.key_exchange = agreed(ssh_kex);
  record_.host_key = agreed(ssh_key);
  record_.cipher = agreed(ssh_cipher_up);
  record_.mac = agreed(ssh_mac_up);
  record_.compression = agreed(ssh_zip_up);
  findings.record(record_);
  record_ = {};
  for (Side& side : sides_) side.names = {};
}

// Encrypted packets follow soon: a beginning that was not captured is not found again.
void SshAnalyzer::gap(TcpFlowDirection direction, std::uint64_t /*size*/, Findings& findings) {
  sides_[static_cast<std::size_t>(direction)].state = State::done;
  finish(findings);
}

void SshAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void SshAnalyzer::close(Findings& findings) {
  if (!record_.client_line.empty() || !record_.server_line.empty()) tell(findings);
}

}  // namespace restitch
