// Ledger: what a cluster agrees on: small values by key, each with a revision, so that of two that change one
// from the same revision only one succeeds; and leases, which end by themselves. A call that fails with `io`
// may have done its work all the same. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "restitch/packet.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

struct LedgerValue {
  std::uint64_t revision = 0;
  std::vector<std::uint8_t> bytes;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  virtual Result<std::optional<LedgerValue>> get(const std::string& key) = 0;
  // Makes a value that is not there; answers its revision. Error: invalid_argument, if it is.
  virtual Result<std::uint64_t> create(const std::string& key, Bytes bytes) = 0;
  // Changes a value that has this revision; answers the new one. Error: invalid_argument, if it has another.
  virtual Result<std::uint64_t> update(const std::string& key, Bytes bytes, std::uint64_t revision) = 0;
  virtual Result<void> remove(const std::string& key) = 0;
  virtual Result<std::vector<std::string>> keys() = 0;

  // Takes or renews a lease, which is over some seconds later. False: another one has it.
  virtual Result<bool> lease(const std::string& name, const std::string& owner) = 0;
  // Who has it; empty: nobody.
  virtual Result<std::string> owner(const std::string& name) = 0;
  virtual Result<void> give_up(const std::string& name, const std::string& owner) = 0;
};

}  // namespace cluster
}  // namespace restitch
