// Coding: one coding of a body that is taken off. The state of its decoder is made with it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "app/inflater.h"
#include "restitch/packet.h"

namespace restitch {

class Coding {
 public:
  virtual ~Coding() = default;

  // Hands out what can be decoded so far. Answers false if it cannot go on: the coding is damaged, or the
  // taker wants no more. Not called again after that.
  virtual bool decode(Bytes coded, DecodedTaker& taker) = 0;
  // Whether it could end here.
  [[nodiscard]] virtual bool complete() const = 0;
  // What its decoder takes at the moment, about.
  [[nodiscard]] virtual std::size_t memory() const = 0;
};

// Several members one after the other (RFC 1952). What stands behind a member and does not look like another
// one is ignored, as browsers do.
std::unique_ptr<Coding> make_gzip_coding();
// RFC 9110 means zlib (RFC 1950), but many senders leave its header out: the first two bytes tell. Some never
// end what they deflate, but only flush it, which is as good.
std::unique_ptr<Coding> make_deflate_coding();
// RFC 7932; nullptr: it was built without. At most 16 MiB for the window, and about 1 MiB more.
std::unique_ptr<Coding> make_brotli_coding();
// Several frames (RFC 8878), with windows of at most 8 MiB (RFC 9659), and about 0.5 MiB more.
std::unique_ptr<Coding> make_zstd_coding();

}  // namespace restitch
