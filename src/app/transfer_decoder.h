// TransferDecoder: takes a Content-Transfer-Encoding off (RFC 2045): base64 or quoted-printable, in pieces of
// any size. A value; one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "restitch/packet.h"

namespace restitch {

enum class TransferCoding : std::uint8_t { none, base64, quoted_printable };

// Of the value of Content-Transfer-Encoding, in any case; "7bit", "8bit", "binary" and unknown ones are
// `none`.
TransferCoding transfer_coding(std::string_view name);

class TransferDecoder {
 public:
  explicit TransferDecoder(TransferCoding coding) : coding_(coding) {}

  // Appends what can be decoded so far.
  void decode(Bytes coded, std::vector<std::uint8_t>& plain);
  // Nothing more comes. False: the last character is not whole.
  bool finish(std::vector<std::uint8_t>& plain);
  [[nodiscard]] TransferCoding coding() const { return coding_; }

 private:
  void decode_base64(Bytes coded, std::vector<std::uint8_t>& plain);
  void decode_quoted(std::uint8_t byte, std::vector<std::uint8_t>& plain);
  void keep_quoted(std::uint8_t byte) { kept_[count_++] = byte; }
  void flush_quoted(std::vector<std::uint8_t>& plain);

  TransferCoding coding_;
  std::uint8_t count_ = 0;     // of kept bytes, or of the characters in bits_
  std::uint32_t bits_ = 0;     // of base64: what is not yet a whole group
  std::uint8_t kept_[3] = {};  // of quoted-printable: "=", "=4", "=\r"
};

}  // namespace restitch
