// ExpectedEnds: which data connections FTP has asked for, by the end points at which they will be opened:
// those that the control connection named, and its own other end. What the control connection learns of one
// later (the command, the name) is noted here, and the analyzer of the data connection asks. At most 4,096
// that nobody has opened, none older than five minutes of the capture. Owned by AppServices. One thread: that
// of the pool.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>

#include "restitch/capture_info.h"
#include "restitch/packet.h"

namespace restitch {

struct ExpectedData {
  // Where it is opened, by whom, and when that was asked for.
  IpAddress told;    // as PORT or PASV says
  IpAddress actual;  // who said so
  IpAddress peer;
  std::uint32_t domain = 0;  // NetFlow::domain
  std::uint16_t port = 0;
  Timestamp asked;
  // What is known of it.
  std::string command;  // RETR, STOR, LIST, …; empty: not yet
  std::string name;
  std::string user;
  std::uint64_t restart = 0;  // REST: where in the file it begins
  bool aborted = false;
  bool begun = false;  // bytes of it came
};

class ExpectedEnds {
 public:
  using Number = std::uint64_t;

  // One for the same end points that nobody has opened is forgotten.
  Number add(ExpectedData data);
  // nullptr: it is over, or too old.
  ExpectedData* find(Number number);
  void remove(Number number);

  // Takes the one that is opened by the source of `net` at its destination; 0: there is none.
  Number open(const NetFlow& net, std::uint16_t port, Timestamp now);

  static constexpr std::size_t waiting_max = 4'096;
  static constexpr std::int64_t age_max_ns = 300'000'000'000;

 private:
  struct Entry {
    Number number;
    bool opened = false;
    ExpectedData data;
  };
  using Entries = std::list<Entry>;

  void erase(Entries::iterator entry);
  void erase_port(Entries::iterator entry);
  void forget_old(Timestamp now);
  Entries::iterator find_waiting(const NetFlow& net, std::uint16_t port);

  Entries waiting_;  // by age
  Entries opened_;   // until their analyzer removes them, or there are too many
  std::unordered_map<Number, Entries::iterator> by_number_;
  std::unordered_multimap<std::uint16_t, Entries::iterator> by_port_;  // those that nobody has opened
  Number last_ = 0;
};

}  // namespace restitch
