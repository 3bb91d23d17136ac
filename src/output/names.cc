#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iterator>

#include "restitch/output_names.h"

namespace restitch {
namespace {

constexpr std::string_view letters = "AaBbTtVvCc#NKMG%";

// IPv4 with leading zeros, so that names sort by address; IPv6 as it is usually written.
std::string address_name(const IpAddress& address) {
  if (address.version != 4) return to_string(address);
  return fmt::format("{:03}.{:03}.{:03}.{:03}", address.bytes[12], address.bytes[13], address.bytes[14],
                     address.bytes[15]);
}

std::int64_t seconds(Timestamp time) {
  constexpr std::int64_t second = 1'000'000'000;
  return time.ns / second - (time.ns % second < 0 ? 1 : 0);
}

std::string expand_letter(char letter, const StreamName& name) {
  const auto digits = [&](std::uint64_t unit) { return fmt::format("{:03}", name.number / unit % 1000); };
  switch (letter) {
    case 'A':
      return address_name(name.source);
    case 'a':
      return fmt::format("{:05}", name.source_port);
    case 'B':
      return address_name(name.destination);
    case 'b':
      return fmt::format("{:05}", name.destination_port);
    case 'T':
      return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(seconds(name.first_seen)));
    case 't':
      return fmt::format("{}", seconds(name.first_seen));
    case 'V':
      return name.vlan == 0 ? "" : "--";
    case 'v':
      return name.vlan == 0 ? "" : fmt::format("{}", name.vlan);
    case 'C':
      return name.repeats == 0 ? "" : "c";
    case 'c':
      return name.repeats == 0 ? "" : fmt::format("{}", name.repeats);
    case '#':
      return fmt::format("{}", name.repeats);
    case 'N':
      return digits(1);
    case 'K':
      return digits(1'000);
    case 'M':
      return digits(1'000'000);
    case 'G':
      return digits(1'000'000'000);
    default:
      return "%";
  }
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return failure(ErrorCode::invalid_argument, fmt::format("template \"{}\": {}", text, why));
}

// Only what is written in the template can be such a part: no letter expands to a dot alone or a slash.
bool has_bad_part(std::string_view text) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return true;
    if (end == text.size()) return false;
    begin = end + 1;
  }
}

// %V and the like may expand to nothing, which must not leave "." or ".." either.
std::string without_optional_letters(std::string_view text) {
  std::string left;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      left += text[i];
    } else if (std::string_view("VvCc").find(text[++i]) == std::string_view::npos) {
      left += 'x';
    }
  }
  return left;
}

}  // namespace

NameTemplate::NameTemplate() : text_(tcpflow_default), tells_repeats_(true) {}

Result<NameTemplate> NameTemplate::parse(std::string_view text) {
  NameTemplate result;
  result.text_ = text;
  result.tells_repeats_ = false;
  if (text.find('\0') != std::string_view::npos) return refuse("", "a zero byte cannot be in a name");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (++i == text.size()) return refuse(text, "% at the end");
    if (letters.find(text[i]) == std::string_view::npos) {
      return refuse(text, fmt::format("%{} means nothing; there are %{}", text[i], fmt::join(letters, " %")));
    }
    if (text[i] == 'c' || text[i] == '#') result.tells_repeats_ = true;
  }
  if (has_bad_part(without_optional_letters(text))) {
    return refuse(text, "a part of the name could be empty, \".\" or \"..\"");
  }
  return result;
}

std::string NameTemplate::expand(const StreamName& name) const {
  std::string result;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '%') {
      result += expand_letter(text_[++i], name);
    } else {
      result += text_[i];
    }
  }
  if (!tells_repeats_ && name.repeats != 0) result += fmt::format("c{}", name.repeats);
  return result;
}

}  // namespace restitch
