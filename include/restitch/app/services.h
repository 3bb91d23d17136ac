// AppServices: what the analyzers of a pool share. It outlives them. One thread: that of the pool; what it
// only borrows may be shared with others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

class ExpectedEnds;
class TlsSecrets;

// Bounds of what strangers can ask for. Each is told by an AnomalyRecord when it acts.
struct AppLimits {
  std::size_t header_max = std::size_t{64} << 10;        // of one message, in bytes
  std::size_t header_table_max = std::size_t{64} << 10;  // of HPACK
  std::size_t streams_max = 1'000;                       // of one connection, open
  std::uint64_t object_max = std::uint64_t{256} << 20;   // of one object, decoded
  std::uint64_t expansion_max = 1'000;                   // decoded bytes for each coded one
  unsigned depth_max = 8;                                // of protocols within each other
  // Memory of all that take codings off, and of files that come out of order, of a pool.
  std::size_t decoders_max = std::size_t{256} << 20;
};

struct AppOptions {
  AppLimits limits;
  // Borrowed; nullptr: nothing is decrypted.
  const TlsSecrets* secrets = nullptr;
};

class AppServices {
 public:
  explicit AppServices(const AppOptions& options = {});
  AppServices(const AppServices&) = delete;
  AppServices& operator=(const AppServices&) = delete;
  ~AppServices();

  [[nodiscard]] const AppOptions& options() const { return options_; }
  [[nodiscard]] const AppLimits& limits() const { return options_.limits; }
  // What decoders of codings take at the moment.
  [[nodiscard]] std::size_t& decoder_memory() { return decoder_memory_; }

  // Memory for bytes that are made for one call, such as decrypted ones: it is taken, and given back behind
  // the call. What lies within each other takes one each.
  [[nodiscard]] std::vector<std::uint8_t> take_scratch() {
    if (scratch_.empty()) return {};
    std::vector<std::uint8_t> taken = std::move(scratch_.back());
    scratch_.pop_back();
    return taken;
  }
  void give_scratch(std::vector<std::uint8_t> given) { scratch_.push_back(std::move(given)); }

  // Connections that others have asked for, as FTP does; nullptr: nobody did so far.
  [[nodiscard]] ExpectedEnds* expected_if_any() { return expected_.get(); }
  [[nodiscard]] ExpectedEnds& expected();

 private:
  AppOptions options_;
  std::vector<std::vector<std::uint8_t>> scratch_;
  std::unique_ptr<ExpectedEnds> expected_;
  std::size_t decoder_memory_ = 0;
};

}  // namespace restitch
