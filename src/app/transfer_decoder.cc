#include "app/transfer_decoder.h"

#include <array>

#include "app/ascii.h"

namespace restitch {
namespace {

constexpr std::uint8_t no_base64 = 0xff;

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_base64);
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    values[static_cast<unsigned char>(letters[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> base64_values = make_base64_values();

int quoted_value(std::uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

TransferCoding transfer_coding(std::string_view name) {
  name = ascii::trimmed(name);
  if (ascii::equal(name, "base64")) return TransferCoding::base64;
  return ascii::equal(name, "quoted-printable") ? TransferCoding::quoted_printable : TransferCoding::none;
}

void TransferDecoder::decode(Bytes coded, std::vector<std::uint8_t>& plain) {
  switch (coding_) {
    case TransferCoding::none:
      plain.insert(plain.end(), coded.begin(), coded.end());
      return;
    case TransferCoding::base64:
      return decode_base64(coded, plain);
    case TransferCoding::quoted_printable:
      for (const std::uint8_t byte : coded) decode_quoted(byte, plain);
      return;
  }
}

// What is not of the alphabet is left out; '=' ends a group, and another one may follow.
void TransferDecoder::decode_base64(Bytes coded, std::vector<std::uint8_t>& plain) {
  for (const std::uint8_t byte : coded) {
    const std::uint8_t value = base64_values[byte];
    if (value == no_base64) {
      if (byte != '=' || count_ == 0) continue;
      finish(plain);
      continue;
    }
    bits_ = bits_ << 6 | value;
    if (++count_ < 4) continue;
    plain.push_back(static_cast<std::uint8_t>(bits_ >> 16));
    plain.push_back(static_cast<std::uint8_t>(bits_ >> 8));
    plain.push_back(static_cast<std::uint8_t>(bits_));
    count_ = 0;
    bits_ = 0;
  }
}

bool TransferDecoder::finish(std::vector<std::uint8_t>& plain) {
  if (coding_ == TransferCoding::quoted_printable) {
    // "=" at the very end is a soft end of a line.
    if (count_ > 1) flush_quoted(plain);
    count_ = 0;
    return true;
  }
  const unsigned count = count_;
  if (count >= 2) plain.push_back(static_cast<std::uint8_t>(bits_ >> (count == 2 ? 4 : 10)));
  if (count == 3) plain.push_back(static_cast<std::uint8_t>(bits_ >> 2));
  count_ = 0;
  bits_ = 0;
  return count != 1;
}

void TransferDecoder::flush_quoted(std::vector<std::uint8_t>& plain) {
  plain.insert(plain.end(), kept_, kept_ + count_);
  count_ = 0;
}

void TransferDecoder::decode_quoted(std::uint8_t byte, std::vector<std::uint8_t>& plain) {
  if (count_ == 0) {
    if (byte == '=') return keep_quoted(byte);
    plain.push_back(byte);
    return;
  }
  const bool first = count_ == 1;
  if (byte == '\n' && (first || kept_[1] == '\r' || kept_[1] == ' ')) {
    count_ = 0;  // a soft end of a line
    return;
  }
  if (first && (quoted_value(byte) >= 0 || byte == '\r')) return keep_quoted(byte);
  // Blanks behind "=" were added on the way.
  if (first && (byte == ' ' || byte == '\t')) return keep_quoted(' ');
  if (!first && kept_[1] == ' ' && (byte == ' ' || byte == '\t' || byte == '\r')) return;
  if (!first && quoted_value(kept_[1]) >= 0 && quoted_value(byte) >= 0) {
    plain.push_back(static_cast<std::uint8_t>(quoted_value(kept_[1]) * 16 + quoted_value(byte)));
    count_ = 0;
    return;
  }
  // It is no code: the bytes stand for themselves.
  flush_quoted(plain);
  decode_quoted(byte, plain);
}

}  // namespace restitch
