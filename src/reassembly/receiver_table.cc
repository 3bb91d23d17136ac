#include "restitch/receiver_table.h"

#include <charconv>
#include <string>

namespace restitch {
namespace {

unsigned bits_of(const IpAddress& address) { return address.version == 4 ? 32 : 128; }

// Bits of an IpAddress that a prefix of so many bits of such an address covers.
unsigned covered(const IpAddress& address, unsigned bits) { return 128 - bits_of(address) + bits; }

// The first `bits` bits, and zeros.
IpAddress masked(IpAddress address, unsigned bits) {
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned left = bits > 8 * i ? bits - 8 * i : 0;
    if (left < 8) address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xFF00U >> left));
  }
  return address;
}

}  // namespace

Result<AddressPrefix> AddressPrefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) {
    return failure(ErrorCode::invalid_argument, "\"" + std::string(text) + "\" is no address or prefix");
  }
  unsigned bits = bits_of(*address);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > bits_of(*address)) {
      return failure(ErrorCode::invalid_argument,
                     "\"" + std::string(text) + "\" has no number of bits behind the slash");
    }
  }
  return AddressPrefix{masked(*address, covered(*address, bits)), static_cast<std::uint8_t>(bits)};
}

bool AddressPrefix::contains(const IpAddress& host) const {
  return host.version == address.version && masked(host, covered(host, bits)) == address;
}

void ReceiverTable::add(const AddressPrefix& prefix, const ReceiverPolicy& policy) {
  prefixes_[covered(prefix.address, prefix.bits)].insert_or_assign(prefix.address, policy);
}

const ReceiverPolicy& ReceiverTable::find(const IpAddress& host) const {
  for (const auto& [bits, networks] : prefixes_) {
    const auto found = networks.find(masked(host, bits));
    if (found != networks.end()) return found->second;
  }
  return rest_;
}

std::function<const ReceiverPolicy*(const NetFlow&, TransportFlow)> ReceiverTable::chooser() const {
  return [this](const NetFlow& net, TransportFlow) { return &find(net.destination); };
}

}  // namespace restitch
