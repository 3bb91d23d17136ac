// Transactions: the requests of a connection, each with its response, in the order in which they were asked.
// What is complete on both sides, or must make room, is reported and forgotten. Owned by the analyzer; one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "restitch/app/findings.h"

namespace restitch::http1 {

struct Transaction {
  HttpRecord record;
  bool request_done = false;
  bool response_done = false;
  bool busy = false;      // one of its bodies is being read: it must not go
  bool switches = false;  // CONNECT, or Upgrade: what follows may be another protocol
  std::size_t size = 0;   // in memory, about
};

class Transactions {
 public:
  // A request begins, or a response without one.
  Transaction& open(Findings& findings);
  // The one that was asked last; nullptr: all are reported.
  [[nodiscard]] Transaction* last() const { return open_.empty() ? nullptr : open_.back().get(); }
  // The one whose response is next; nullptr: nothing was asked.
  [[nodiscard]] Transaction* first() const;
  // So much was kept of a head.
  void grew(Transaction& transaction, std::size_t size);
  // Reports what is complete.
  void settle(Findings& findings);
  // Reports all.
  void close(Findings& findings);

 private:
  void report(std::size_t index, Findings& findings);
  void make_room(Findings& findings);

  // Of heads that are kept of a connection.
  static constexpr std::size_t size_max = std::size_t{512} << 10;

  std::vector<std::unique_ptr<Transaction>> open_;
  std::uint64_t count_ = 0;
  std::size_t size_ = 0;
  bool told_ = false;
};

}  // namespace restitch::http1
