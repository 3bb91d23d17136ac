// Where the packets of a run come from: the part of the command line about files, interfaces and filters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "restitch/capture_inputs.h"
#include "restitch/capture_live.h"
#include "restitch/defragmenter.h"

namespace CLI {
class App;
}

namespace restitch::cli {

struct InputSelection {
  std::vector<std::string> files;  // "-": standard input
  bool recursive = false;          // directories with those below them
  bool follow = false;             // they still grow
  bool remote = false;             // one is a sender of packets
  double idle_timeout_s = 0;       // 0: for ever
  double merge_window_s = 1;

  std::vector<std::string> interfaces;  // instead of files
  LiveBackend backend = LiveBackend::automatic;
  std::uint32_t snap_size = LiveOptions().snap_size;
  std::size_t buffer_kib = 0;  // 0: as much as is usual, or as --memory has room for
  bool not_promiscuous = false;
  std::string user;  // to become once the interfaces are open; empty: whoever is least

  std::string filter;
  std::uint64_t packets_max = 0;  // 0: all
  bool list_interfaces = false;
  DecoderOptions decoder{};

  [[nodiscard]] bool live() const { return !interfaces.empty(); }
  // Nobody knows when more comes: what is known is to be told at once.
  [[nodiscard]] bool endless() const { return live() || follow || remote; }
};

class InputFlags {
 public:
  // `selection` has to outlive this.
  explicit InputFlags(InputSelection& selection) : selection_(selection) {}

  // Letters in `taken` stand for something else in this command; so does --count, if c does.
  void add_to(CLI::App& command, std::string_view taken = {});

  // Before finish(): one more word, in front of the others.
  void put_first(std::string word) { words_.insert(words_.begin(), std::move(word)); }

  // Of a command that is given packets instead of captures.
  void add_decoding_to(CLI::App& command);

  // After parsing: what the words stand for. Otherwise false, and what is wrong.
  bool finish(std::string& complaint);
  bool finish_decoding(std::string& complaint);

 private:
  void add_files(CLI::App& command, std::string_view taken);
  void add_live(CLI::App& command, std::string_view taken);
  bool take_filter(std::string& complaint);
  bool take_senders(std::string& complaint);

  InputSelection& selection_;
  std::vector<std::string> words_;  // FILE… and the filter behind them
  std::vector<std::string> read_;
  std::vector<std::string> key_;
  std::string filter_;
  std::string filter_file_;
  double copies_window_ms_ = 20;
};

}  // namespace restitch::cli
