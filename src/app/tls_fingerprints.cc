#include "app/tls_fingerprints.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "app/digests.h"

namespace restitch {
namespace {

template <class Numbers>
std::string joined_numbers(const Numbers& numbers) {
  std::string text;
  for (const auto number : numbers) {
    if (is_grease(number)) continue;
    if (!text.empty()) text += '-';
    text += std::to_string(number);
  }
  return text;
}

std::string ja4_number(std::uint16_t number) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(number >> 8),
                                static_cast<std::uint8_t>(number & 0xFF)};
  return hex_of(bytes);
}

std::string ja4_list(const std::vector<std::uint16_t>& numbers) {
  std::string text;
  for (const std::uint16_t number : numbers) {
    if (!text.empty()) text += ',';
    text += ja4_number(number);
  }
  return text;
}

std::vector<std::uint16_t> ja4_without_grease(std::vector<std::uint16_t> numbers) {
  std::erase_if(numbers, is_grease);
  return numbers;
}

std::string ja4_count(std::size_t count) {
  const std::string text = std::to_string(std::min<std::size_t>(count, 99));
  return text.size() < 2 ? "0" + text : text;
}

std::string_view ja4_version(std::uint16_t version) {
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    case 0x0300:
      return "s3";
    case 0x0002:
      return "s2";
    default:
      return "00";
  }
}

// The first and the last character of the first name.
std::string ja4_alpn(const std::vector<std::string>& alpn) {
  if (alpn.empty() || alpn.front().empty()) return "00";
  const auto first = static_cast<std::uint8_t>(alpn.front().front());
  const auto last = static_cast<std::uint8_t>(alpn.front().back());
  const auto plain = [](std::uint8_t c) { return c < 0x80 && std::isalnum(c) != 0; };
  if (plain(first) && plain(last)) return {static_cast<char>(first), static_cast<char>(last)};
  return {hex_of(Bytes(&first, 1)).front(), hex_of(Bytes(&last, 1)).back()};
}

std::string ja4_hash(const std::string& text) {
  return sha256_hex(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())).substr(0, 12);
}

std::string ja4_extensions(const TlsClientHello& hello, std::vector<std::uint16_t> extensions) {
  if (extensions.empty()) return "000000000000";
  std::erase_if(extensions, [](std::uint16_t type) { return type == 0 || type == 16; });
  std::sort(extensions.begin(), extensions.end());
  std::string text = ja4_list(extensions);
  const std::vector<std::uint16_t> signatures = ja4_without_grease(hello.signatures);
  if (!signatures.empty()) text += "_" + ja4_list(signatures);
  return ja4_hash(text);
}

}  // namespace

std::string ja3_text(const TlsClientHello& hello) {
  return std::to_string(hello.version) + "," + joined_numbers(hello.ciphers) + "," +
         joined_numbers(hello.extensions) + "," + joined_numbers(hello.groups) + "," +
         joined_numbers(hello.point_formats);
}

std::string ja3s_text(const TlsServerHello& hello) {
  return std::to_string(hello.version) + "," + std::to_string(hello.cipher) + "," +
         joined_numbers(hello.extensions);
}

std::string ja4_of(const TlsClientHello& hello) {
  std::vector<std::uint16_t> ciphers = ja4_without_grease(hello.ciphers);
  const std::vector<std::uint16_t> extensions = ja4_without_grease(hello.extensions);
  const bool named = std::find(extensions.begin(), extensions.end(), 0) != extensions.end();
  std::string text = "t";
  text += ja4_version(hello.highest_version());
  text += named ? 'd' : 'i';
  text += ja4_count(ciphers.size()) + ja4_count(extensions.size()) + ja4_alpn(hello.alpn) + "_";
  std::sort(ciphers.begin(), ciphers.end());
  text += ciphers.empty() ? "000000000000" : ja4_hash(ja4_list(ciphers));
  return text + "_" + ja4_extensions(hello, extensions);
}

}  // namespace restitch
