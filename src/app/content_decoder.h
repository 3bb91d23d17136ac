// ContentDecoder: takes the codings of a body off, one after the other: gzip, deflate (with a header of zlib
// or without), br, zstd. Owns the states of its decoders. Borrows
// the services, which outlive it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "restitch/app/services.h"
#include "restitch/packet.h"

namespace restitch {

class ContentDecoder {
 public:
  enum class Outcome : std::uint8_t {
    good,
    damaged,     // what came cannot be decoded; what could was handed out
    over_limit,  // it expands beyond AppLimits::expansion_max
    no_room,     // all decoders together take more than AppLimits::decoders_max
  };
  using Take = std::function<void(Bytes)>;

  // `codings`: "gzip, br", in the order in which they were applied, in any case of letters; "identity" is
  // nothing. nullptr: there is none to take off, or one is unknown; `known` says which.
  static std::unique_ptr<ContentDecoder> make(std::string_view codings, AppServices& services, bool& known);
  virtual ~ContentDecoder() = default;

  // Hands out what can be decoded so far, in pieces that are lent for the call.
  virtual Outcome decode(Bytes coded, const Take& take) = 0;
  // Nothing more comes: `damaged` if the last coding is not at its end.
  virtual Outcome finish(const Take& take) = 0;
};

}  // namespace restitch
