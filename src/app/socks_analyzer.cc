#include "app/socks_analyzer.h"

#include <algorithm>

namespace restitch {
namespace {

constexpr std::size_t socks_name_max = 256;
constexpr std::uint8_t socks_connect = 1;
constexpr std::uint8_t socks_bind = 2;

// Of text up to a NUL; 0: it has not come, or is no text.
std::size_t socks_text_size(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size() && i < socks_name_max; ++i) {
    if (bytes[i] == 0) return i + 1;
    if (bytes[i] < ' ' || bytes[i] == 0x7f) return 0;
  }
  return 0;
}

// Version, command, port, address, a name of the user, and with 4a one of the host.
std::size_t socks4_request_size(Bytes bytes) {
  if (bytes.size() < 9) return 0;
  const std::size_t user = socks_text_size(bytes.subspan(8));
  if (user == 0) return 0;
  const bool named = bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] != 0;
  if (!named) return 8 + user;
  const std::size_t host = socks_text_size(bytes.subspan(8 + user));
  return host == 0 ? 0 : 8 + user + host;
}

// Version, command or verdict, 0, and an address with its port.
std::size_t socks5_address_size(Bytes bytes) {
  if (bytes.size() < 5) return 0;
  switch (bytes[3]) {
    case 1:
      return 10;
    case 3:
      return std::size_t{7} + bytes[4];
    case 4:
      return 22;
    default:
      return 5;  // read() finds that it is none
  }
}

Fit socks4_fit(Bytes client, Bytes server) {
  if (client.size() > 1 && client[1] != 1 && client[1] != 2) return Fit::no;
  if (client.size() < 9 || server.size() < 8) return Fit::perhaps;
  const bool granted = server[0] == 0 && server[1] >= 0x5a && server[1] <= 0x5d;
  return granted && socks4_request_size(client) != 0 ? Fit::yes : Fit::no;
}

// The methods of the client, and the one that the server chose.
Fit socks5_fit(Bytes client, Bytes server) {
  if (client.size() > 1 && (client[1] == 0 || client[1] > 16)) return Fit::no;
  if (!server.empty() && server[0] != 5) return Fit::no;
  if (client.size() < 2 || client.size() < std::size_t{2} + client[1] || server.size() < 2)
    return Fit::perhaps;
  const Bytes methods = client.subspan(2, client[1]);
  const bool offered = std::find(methods.begin(), methods.end(), server[1]) != methods.end();
  if (server[1] == 0xff) return Fit::no;
  return offered ? Fit::yes : Fit::no;
}

}  // namespace

Fit SocksAnalyzer::fit(Bytes client, Bytes server) {
  if (client.empty()) return server.empty() || server[0] == 0 || server[0] == 5 ? Fit::perhaps : Fit::no;
  if (!server.empty() && server[0] != 0 && server[0] != 5) return Fit::no;
  if (client[0] == 4) return socks4_fit(client, server);
  return client[0] == 5 ? socks5_fit(client, server) : Fit::no;
}

std::unique_ptr<Analyzer> SocksAnalyzer::make(AppServices& /*services*/) {
  return std::make_unique<SocksAnalyzer>();
}

AnalyzerAnswer SocksAnalyzer::take(TcpFlowDirection direction, const AnalyzerInput& input,
                                   Findings& findings) {
  const bool client = direction == TcpFlowDirection::client_to_server;
  std::size_t at = 0;
  for (;;) {
    if (state_ == State::foreign) return {at, Need::foreign};
    if (state_ == State::over) return {at, Need::nothing};
    const bool its_turn =
        client == (state_ == State::hello || state_ == State::credentials || state_ == State::request);
    if (!its_turn) return {at, input.forced() ? Need::foreign : Need::other_side};
    const Bytes rest = input.bytes().subspan(at);
    const std::size_t size = message_size(rest);
    if (size == 0 || rest.size() < size) return {at, input.forced() ? Need::foreign : Need::more};
    read(rest.first(size), findings);
    at += size;
  }
}

std::size_t SocksAnalyzer::message_size(Bytes bytes) const {
  if (bytes.size() < 2) return 0;
  switch (state_) {
    case State::hello:
      return bytes[0] == 4 ? socks4_request_size(bytes) : std::size_t{2} + bytes[1];
    case State::method:
    case State::verdict:
      return 2;
    case State::credentials: {
      const std::size_t user = std::size_t{2} + bytes[1];
      return bytes.size() <= user ? 0 : user + 1 + bytes[user];
    }
    case State::request:
      return socks5_address_size(bytes);
    case State::reply:
      return version_ == 4 ? 8 : socks5_address_size(bytes);
    case State::over:
    case State::foreign:
      break;
  }
  return 0;
}

void SocksAnalyzer::read(Bytes message, Findings& findings) {
  switch (state_) {
    case State::hello:
      findings.name_service("socks");
      version_ = message[0];
      if (version_ == 4) command_ = message[1];
      state_ = version_ == 4 ? State::reply : State::method;
      break;
    case State::method:
      state_ = message[1] == 0 ? State::request : message[1] == 2 ? State::credentials : State::foreign;
      break;
    case State::credentials:
      state_ = State::verdict;
      break;
    case State::verdict:
      state_ = message[1] == 0 ? State::request : State::foreign;
      break;
    case State::request:
      command_ = message[1];
      state_ = message[0] == 5 && message.size() > 5 ? State::reply : State::foreign;
      break;
    case State::reply:
      read_reply(message, findings);
      break;
    case State::over:
    case State::foreign:
      break;
  }
}

// Of a CONNECT, there is one; of a BIND, another one once somebody has connected.
void SocksAnalyzer::read_reply(Bytes message, Findings& findings) {
  const bool granted =
      version_ == 4 ? message[1] == 0x5a : message[0] == 5 && message[1] == 0 && message.size() > 5;
  const bool last = command_ == socks_connect || (command_ == socks_bind && bound_);
  bound_ = command_ == socks_bind;
  if (granted && bound_ && !last) return;
  state_ = granted && last ? State::over : State::foreign;
  if (state_ == State::over) findings.hand_over(nullptr);
}

void SocksAnalyzer::gap(TcpFlowDirection /*direction*/, std::uint64_t /*size*/, Findings& /*findings*/) {
  if (state_ != State::over) state_ = State::foreign;
}

void SocksAnalyzer::end(TcpFlowDirection /*direction*/, Findings& /*findings*/) {}

void SocksAnalyzer::close(Findings& /*findings*/) {}

}  // namespace restitch
