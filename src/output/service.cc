#include <algorithm>
#include <array>
#include <cctype>

#include "restitch/output_trace.h"

namespace restitch {
namespace {

bool begins(Bytes bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool begins_with_any_of(Bytes bytes, std::initializer_list<std::string_view> texts) {
  return std::any_of(texts.begin(), texts.end(), [&](std::string_view text) { return begins(bytes, text); });
}

// The same in any case of letters.
bool begins_with_word(Bytes bytes, std::string_view word) {
  if (bytes.size() <= word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (std::toupper(bytes[i]) != word[i]) return false;
  }
  return bytes[word.size()] == ' ' || bytes[word.size()] == '\r' || bytes[word.size()] == '\n';
}

bool begins_with_any_word(Bytes bytes, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return begins_with_word(bytes, w); });
}

std::size_t be16(Bytes bytes, std::size_t at) { return std::size_t{bytes[at]} << 8 | bytes[at + 1]; }

bool is_http(Bytes client, Bytes server) {
  const bool asks = begins_with_any_of(
      client, {"GET ",       "POST ",     "HEAD ",        "PUT ",          "DELETE ",    "OPTIONS ",
               "CONNECT ",   "TRACE ",    "PATCH ",       "PROPFIND ",     "REPORT ",    "SEARCH ",
               "MKCOL ",     "LOCK ",     "UNLOCK ",      "COPY ",         "MOVE ",      "NOTIFY ",
               "SUBSCRIBE ", "M-SEARCH ", "RPC_IN_DATA ", "RPC_OUT_DATA ", "BITS_POST ", "CCM_POST "});
  return asks || begins_with_any_of(server, {"HTTP/1.", "HTTP/0."});
}

// A record of a handshake: version 3.x, and a hello of the right kind in it.
bool is_tls_hello(Bytes bytes, std::uint8_t kind) {
  return bytes.size() >= 6 && bytes[0] == 22 && bytes[1] == 3 && bytes[2] <= 4 && bytes[5] == kind;
}

// The hello of SSL 2 that offers version 3.
bool is_old_hello(Bytes bytes) {
  return bytes.size() >= 5 && (bytes[0] & 0x80) != 0 && bytes[2] == 1 && bytes[3] == 3 && bytes[4] <= 3;
}

bool is_tls(Bytes client, Bytes server) {
  return is_tls_hello(client, 1) || is_tls_hello(server, 2) || is_old_hello(client);
}

// "220 text": a server that speaks first, as those of FTP and SMTP do.
bool is_greeting(Bytes server) { return begins_with_any_of(server, {"220 ", "220-"}); }

bool is_smtp(Bytes client, Bytes server) {
  return begins_with_any_word(client, {"EHLO", "HELO", "LHLO"}) && (server.empty() || is_greeting(server));
}

bool is_ftp(Bytes client, Bytes server) {
  return is_greeting(server) &&
         begins_with_any_word(client, {"USER", "PASS", "AUTH", "FEAT", "SYST", "QUIT", "OPTS", "HOST", "PBSZ",
                                       "ACCT", "CWD", "PWD", "PASV", "PORT", "EPSV", "STOR", "RETR"});
}

bool is_pop3(Bytes client, Bytes server) {
  return begins(server, "+OK") &&
         begins_with_any_word(client, {"USER", "CAPA", "APOP", "AUTH", "STLS", "PASS"});
}

bool is_imap(Bytes server) {
  return begins_with_any_of(server, {"* OK", "* PREAUTH", "* BYE [", "* CAPABILITY"});
}

bool is_irc(Bytes client, Bytes server) {
  return begins_with_any_word(client, {"NICK", "PASS", "USER", "CAP", "STARTTLS"}) && begins(server, ":");
}

bool is_smb(Bytes bytes) {
  return bytes.size() >= 8 && bytes[0] == 0 &&
         (begins(bytes.subspan(4), "\xffSMB") || begins(bytes.subspan(4), "\xfeSMB"));
}

// TPKT with a connection request of X.224, and with its confirmation, as RDP begins.
bool is_rdp(Bytes client, Bytes server) {
  const auto fits = [](Bytes bytes, std::uint8_t kind) {
    return bytes.size() >= 7 && bytes[0] == 3 && bytes[1] == 0 && bytes[5] == kind && be16(bytes, 2) >= 11;
  };
  return fits(client, 0xe0) && (server.empty() || fits(server, 0xd0));
}

// A bind or its answer, version 5.
bool is_dce_rpc(Bytes client) {
  return client.size() >= 10 && client[0] == 5 && client[1] <= 1 && (client[2] == 11 || client[2] == 12) &&
         (client[4] == 0x10 || client[4] == 0);
}

// A message of BER with a number and an operation of LDAP in it.
bool is_ldap(Bytes bytes) {
  if (bytes.size() < 7 || bytes[0] != 0x30) return false;
  std::size_t at = 2;
  if ((bytes[1] & 0x80) != 0) at += bytes[1] & 0x7fu;
  if (at + 3 > bytes.size() || bytes[at] != 2 || bytes[at + 1] == 0 || bytes[at + 1] > 4) return false;
  at += 2 + std::size_t{bytes[at + 1]};
  // An application tag from bindRequest to intermediateResponse (RFC 4511).
  return at < bytes.size() && (bytes[at] & 0xc0) == 0x40 && (bytes[at] & 0x1f) <= 25;
}

// Four bytes of length, then an application tag of Kerberos.
bool is_kerberos(Bytes bytes) {
  constexpr std::array<std::uint8_t, 7> tags = {0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x7e};
  return bytes.size() >= 8 && bytes[0] == 0 && bytes[1] == 0 &&
         std::find(tags.begin(), tags.end(), bytes[4]) != tags.end() &&
         (bytes[5] == 0x81 || bytes[5] == 0x82 || bytes[5] < 0x80);
}

bool is_modbus(Bytes client, Bytes server) {
  const auto fits = [](Bytes bytes) {
    return bytes.size() >= 8 && be16(bytes, 2) == 0 && be16(bytes, 4) >= 2 && be16(bytes, 4) <= 254 &&
           (bytes.size() == 6 + be16(bytes, 4) || bytes.size() >= 12);
  };
  return fits(client) && fits(server) && be16(client, 0) == be16(server, 0) &&
         (client[7] & 0x7f) == (server[7] & 0x7f);
}

bool is_mysql(Bytes server) {
  return server.size() >= 10 && server[3] == 0 && server[4] == 10 && server[1] == 0 && server[2] == 0 &&
         std::isdigit(server[5]) != 0;
}

bool is_postgresql(Bytes client) {
  constexpr std::array<std::uint8_t, 4> version = {0, 3, 0, 0};
  constexpr std::array<std::uint8_t, 4> tls = {4, 0xd2, 0x16, 0x2f};
  if (client.size() < 8 || client[0] != 0 || client[1] != 0) return false;
  const Bytes code = client.subspan(4, 4);
  return std::equal(code.begin(), code.end(), version.begin()) ||
         std::equal(code.begin(), code.end(), tls.begin());
}

bool is_socks(Bytes client, Bytes server) {
  if (client.size() >= 9 && client[0] == 4 && (client[1] == 1 || client[1] == 2)) {
    return server.size() >= 8 && server[0] == 0 && server[1] >= 90 && server[1] <= 93;
  }
  return client.size() >= 3 && client[0] == 5 && client[1] >= 1 && client.size() >= 2u + client[1] &&
         server.size() >= 2 && server[0] == 5;
}

// A length and a query or an answer.
bool is_dns(Bytes client, Bytes server) {
  const auto fits = [](Bytes bytes) {
    return bytes.size() >= 14 && be16(bytes, 0) >= 12 && be16(bytes, 6) == 1 && (bytes[4] & 0x78) == 0;
  };
  return fits(client) && (client[4] & 0x80) == 0 &&
         (server.empty() || (fits(server) && (server[4] & 0x80) != 0));
}

bool is_mqtt(Bytes client) {
  return client.size() >= 9 && client[0] == 0x10 &&
         (begins(client.subspan(2), std::string_view("\0\4MQTT", 6)) ||
          begins(client.subspan(2), std::string_view("\0\6MQIsdp", 8)));
}

bool is_redis(Bytes client, Bytes server) {
  return client.size() >= 4 && client[0] == '*' && std::isdigit(client[1]) != 0 &&
         begins_with_any_of(server, {"+", "-", ":", "$", "*"});
}

}  // namespace

bool is_client_hello(Bytes bytes) { return is_tls_hello(bytes, 1) || is_old_hello(bytes); }

std::string_view identify_service(Bytes client, Bytes server) {
  if (is_tls(client, server)) return "ssl";
  if (begins(client, "PRI * HTTP/2.0\r\n")) return "http2";
  if (begins_with_any_of(client, {"INVITE sip:", "REGISTER sip:", "OPTIONS sip:", "SIP/2.0"})) return "sip";
  if (is_http(client, server)) return "http";
  if (begins(client, "SSH-") || begins(server, "SSH-")) return "ssh";
  if (is_smtp(client, server)) return "smtp";
  if (is_ftp(client, server)) return "ftp";
  if (is_pop3(client, server)) return "pop3";
  if (is_imap(server)) return "imap";
  if (is_irc(client, server)) return "irc";
  if (is_smb(client)) return "smb";
  if (is_rdp(client, server)) return "rdp";
  if (is_dce_rpc(client)) return "dce_rpc";
  if (begins(server, "RFB 0")) return "rfb";
  if (is_ldap(client)) return "ldap_tcp";
  if (is_kerberos(client)) return "krb_tcp";
  if (is_modbus(client, server)) return "modbus";
  if (is_mysql(server)) return "mysql";
  if (is_postgresql(client)) return "postgresql";
  if (is_socks(client, server)) return "socks";
  if (is_mqtt(client)) return "mqtt";
  if (is_redis(client, server)) return "redis";
  if (begins(client,
             "\x13"
             "BitTorrent protocol"))
    return "bittorrent";
  if (begins(client, "<?xml") || begins(client, "<stream:stream")) return "xmpp";
  if (is_dns(client, server)) return "dns";
  return {};
}

}  // namespace restitch
