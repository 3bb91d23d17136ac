#include "app/ftp_ends.h"

#include <array>

#include "app/ascii.h"

namespace restitch {
namespace {

// Six numbers of a byte each, at the beginning of the text.
std::optional<FtpEnd> six_numbers(std::string_view text) {
  std::array<std::uint8_t, 6> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    std::uint64_t number = 0;
    if (i > 0) {
      if (!text.starts_with(',')) return std::nullopt;
      text.remove_prefix(1);
    }
    if (!ascii::take_number(text, number) || number > 255) return std::nullopt;
    numbers[i] = static_cast<std::uint8_t>(number);
  }
  const auto port = static_cast<std::uint16_t>(numbers[4] << 8 | numbers[5]);
  return FtpEnd{IpAddress::from_bytes(Bytes(numbers).first(4)), port};
}

}  // namespace

std::optional<FtpEnd> ftp_comma_end(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!ascii::is_digit(text[at]) || (at > 0 && ascii::is_digit(text[at - 1]))) continue;
    if (const auto end = six_numbers(text.substr(at))) return end;
  }
  return std::nullopt;
}

std::optional<FtpEnd> ftp_bar_end(std::string_view text) {
  const std::size_t first = text.find('|');
  const std::size_t second = text.find('|', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const std::size_t third = text.find('|', second + 1);
  if (third == std::string_view::npos) return std::nullopt;
  FtpEnd end;
  const std::string_view address = text.substr(second + 1, third - second - 1);
  if (!address.empty()) {
    end.address = parse_address(address);
    if (!end.address) return std::nullopt;
  }
  std::string_view port = text.substr(third + 1);
  std::uint64_t number = 0;
  if (!ascii::take_number(port, number) || number > 65'535) return std::nullopt;
  end.port = static_cast<std::uint16_t>(number);
  return end;
}

}  // namespace restitch
