// SHA-1 in one call that keeps its state on the stack; the newer calls (EVP) allocate.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "output/text.h"
#include "restitch/output_ids.h"

namespace restitch {
namespace {

// What is digested. Its parts go in one after the other, numbers with their highest byte first.
class Message {
 public:
  void add(Bytes bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }
  void add(const IpAddress& address) {
    const Bytes bytes(address.bytes);
    add(address.version == 4 ? bytes.last(4) : bytes);
  }
  void add_number(std::uint64_t number, unsigned size) {
    while (size-- != 0) bytes_[size_++] = static_cast<std::uint8_t>(number >> (8 * size));
  }

  [[nodiscard]] std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest() const {
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    ::SHA1(bytes_.data(), size_, digest.data());
    return digest;
  }

 private:
  std::array<std::uint8_t, 96> bytes_{};  // enough for two IPv6 addresses and all else below
  std::size_t size_ = 0;
};

struct Ends {
  IpAddress low;
  IpAddress high;
  std::uint16_t low_port;
  std::uint16_t high_port;
};

// The same for both directions.
Ends ordered(const NetFlow& net, TransportFlow transport) {
  Ends ends{net.source, net.destination, transport.source_port, transport.destination_port};
  if (std::pair(ends.high.bytes, ends.high_port) < std::pair(ends.low.bytes, ends.low_port)) {
    std::swap(ends.low, ends.high);
    std::swap(ends.low_port, ends.high_port);
  }
  return ends;
}

void add_ends(Message& message, const Ends& ends) {
  constexpr std::uint64_t protocol_tcp = 6;
  message.add(ends.low);
  message.add(ends.high);
  message.add_number(protocol_tcp, 1);
  message.add_number(0, 1);
  message.add_number(ends.low_port, 2);
  message.add_number(ends.high_port, 2);
}

constexpr std::size_t uid_size = 18;

std::string uid_of(char kind, const std::array<std::uint8_t, SHA_DIGEST_LENGTH>& digest) {
  constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  __extension__ using Wide = unsigned __int128;
  Wide number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
  std::string uid(1, kind);
  while (uid.size() < uid_size) {
    uid += letters[static_cast<std::size_t>(number % letters.size())];
    number /= letters.size();
  }
  return uid;
}

}  // namespace

std::string community_id(const NetFlow& net, TransportFlow transport, std::uint16_t seed) {
  Message message;
  message.add_number(seed, 2);
  add_ends(message, ordered(net, transport));
  const auto digest = message.digest();
  std::array<unsigned char, 32> text{};  // 28 letters and a zero
  ::EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return "1:" + std::string(reinterpret_cast<const char*>(text.data()));
}

std::string connection_uid(const ConnectionSummary& summary) {
  // What is known with the first packet: who prints a connection as it goes names it at its beginning.
  const DirectionSummary& first = summary.directions[summary.server_first ? 1 : 0];
  Message message;
  add_ends(message, ordered(summary.net, summary.transport));
  message.add_number(first.vlan, 2);
  message.add_number(static_cast<std::uint64_t>(first.tunnel), 1);
  message.add_number(first.tunnel_id, 4);
  message.add_number(static_cast<std::uint64_t>(summary.first_time.ns), 8);
  // A capture without times has nothing else to tell one from another.
  if (summary.first_time.ns == 0) message.add_number(summary.first_packet, 8);
  const auto digest = message.digest();
  return uid_of('C', digest);
}

std::string file_uid(std::string_view connection_uid, std::uint64_t object) {
  Message message;
  message.add(as_bytes(connection_uid.substr(0, uid_size)));
  message.add_number(object, 8);
  return uid_of('F', message.digest());
}

std::uint64_t flow_id_of(std::string_view uid) {
  std::uint64_t number = 14695981039346656037U;  // FNV-1a
  for (const char letter : uid) number = (number ^ static_cast<unsigned char>(letter)) * 1099511628211U;
  return number >> 11;
}

}  // namespace restitch
