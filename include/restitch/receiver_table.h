// ReceiverTable: which policy which host has, by its address: the longest prefix wins, and a plain policy is
// for the rest. A value; owns its policies. Reading: any thread.
//
//   ReceiverTable table(*find_receiver_policy("capture"));
//   table.add(*AddressPrefix::parse("10.0.0.0/8"), *find_receiver_policy("linux"));
//   options.choose_receiver = table.chooser();
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>

#include "restitch/options.h"
#include "restitch/packet.h"
#include "restitch/receiver.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {

// "10.0.0.0/8", "2001:db8::/32", or a single host: "192.0.2.1".
struct AddressPrefix {
  IpAddress address;  // the bits behind the prefix are zero
  std::uint8_t bits = 0;

  // Bits behind the prefix are ignored: 10.1.2.3/8 is 10.0.0.0/8.
  static Result<AddressPrefix> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& host) const;
  friend bool operator==(const AddressPrefix&, const AddressPrefix&) = default;
};

class ReceiverTable {
 public:
  explicit ReceiverTable(const ReceiverPolicy& rest = default_receiver_policy()) : rest_(rest) {}

  void set_rest(const ReceiverPolicy& policy) { rest_ = policy; }
  // Replaces what this very prefix had before.
  void add(const AddressPrefix& prefix, const ReceiverPolicy& policy);

  // Good until the table is changed or goes.
  [[nodiscard]] const ReceiverPolicy& find(const IpAddress& host) const;
  [[nodiscard]] const ReceiverPolicy& rest() const { return rest_; }
  [[nodiscard]] bool has_prefixes() const { return !prefixes_.empty(); }

  // For PoolOptions::choose_receiver; the table must outlive the pool, unchanged.
  [[nodiscard]] std::function<const ReceiverPolicy*(const NetFlow&, TransportFlow)> chooser() const;

 private:
  using Networks = std::map<IpAddress, ReceiverPolicy>;

  ReceiverPolicy rest_;
  // By the number of bits, the longest first. Those of IPv4 count from where it lies in an IpAddress, so that
  // one mask is good for both.
  std::map<unsigned, Networks, std::greater<>> prefixes_;
};

}  // namespace restitch
