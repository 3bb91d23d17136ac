// DecoderShare: what one decoder takes of the memory that all decoders of a pool have together. Gives it back
// when it goes. Borrows the count, which outlives it. One thread.
#pragma once

#include <cstddef>

#include "restitch/app/services.h"

namespace restitch {

class DecoderShare {
 public:
  explicit DecoderShare(AppServices& services) : services_(services) {}
  DecoderShare(const DecoderShare&) = delete;
  DecoderShare& operator=(const DecoderShare&) = delete;
  ~DecoderShare() { resize(0); }

  // It takes so many bytes now. Answers whether all decoders together are within the limit.
  bool resize(std::size_t size) {
    std::size_t& used = services_.decoder_memory();
    used = used - size_ + size;
    size_ = size;
    return used <= services_.limits().decoders_max;
  }

 private:
  AppServices& services_;
  std::size_t size_ = 0;
};

}  // namespace restitch
