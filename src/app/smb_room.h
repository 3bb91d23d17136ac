// SmbRoom: how much a connection of SMB2 may hold of files whose bytes come out of order: 4 MiB, and with all
// others of its pool no more than decoders may. One thread.
#pragma once

#include <cstddef>

#include "app/decoder_share.h"

namespace restitch {

class SmbRoom {
 public:
  explicit SmbRoom(AppServices& services) : share_(services) {}

  // So many more bytes are held, or fewer. Answers whether that is within the bounds.
  bool take(std::size_t size) {
    used_ += size;
    return share_.resize(used_) && used_ <= bytes_max;
  }
  bool give(std::size_t size) {
    used_ -= size;
    return share_.resize(used_) && used_ <= bytes_max;
  }

  static constexpr std::size_t bytes_max = std::size_t{4} << 20;

 private:
  DecoderShare share_;
  std::size_t used_ = 0;
};

}  // namespace restitch
