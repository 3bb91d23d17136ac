// Http2FieldDecoder: HPACK (RFC 7541) of one direction, through libnghttp2. Owns its table, which grows up to
// the limit. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "app/http2_fields.h"
#include "restitch/packet.h"

struct nghttp2_hd_inflater;

namespace restitch {

class Http2FieldDecoder {
 public:
  // Whether it was built in.
  static bool available();

  // `table_max`: the largest table that its sender may ask for. What the receiver allowed does not matter: a
  // sender must say which size it chose, and a receiver that allowed less gives up.
  explicit Http2FieldDecoder(std::size_t table_max);

  // The next bytes of a block; `last`: it ends with them. Answers false if they cannot be decoded, and so
  // nothing that follows.
  bool decode(Bytes fragment, bool last, std::size_t size_max, Http2Fields& fields);
  // A table larger than the limit was asked for.
  [[nodiscard]] bool table_too_large() const { return table_too_large_; }

 private:
  struct Free {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  // Reads the size updates at the beginning of a block.
  struct TableSizes {
    bool read(Bytes fragment);

    bool done = false;
    bool in_number = false;
    unsigned shift = 0;
    std::uint64_t number = 0;
    std::optional<std::uint64_t> last;
  };

  std::size_t table_max_;
  bool table_too_large_ = false;
  TableSizes sizes_;  // of the current block
  std::unique_ptr<nghttp2_hd_inflater, Free> inflater_;
};

}  // namespace restitch
