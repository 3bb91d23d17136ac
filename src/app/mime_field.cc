#include "app/mime_field.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "app/ascii.h"
#include "app/transfer_decoder.h"

namespace restitch {
namespace {

// Of one field; more are not read.
constexpr std::size_t mime_parameters_max = 256;

struct MimeParameter {
  std::string name;    // in lower case, without its number and star
  unsigned part = 0;   // of name*1
  bool coded = false;  // name*: %xx, and the first part begins with a character set
  std::string value;
};

// Takes a quoted string, or all up to the next ';', off.
std::string take_mime_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t size = std::min(rest.find(';'), rest.size());
    value = ascii::trimmed(rest.substr(0, size));
    rest.remove_prefix(size);
    return value;
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  return value;
}

// "filename*1*" is part 1 of filename, and coded.
void split_mime_name(MimeParameter& parameter) {
  std::string& name = parameter.name;
  if (name.ends_with('*')) {
    parameter.coded = true;
    name.pop_back();
  }
  const std::size_t star = name.find('*');
  if (star == std::string::npos) return;
  std::string_view digits = std::string_view(name).substr(star + 1);
  std::uint64_t part = 0;
  if (ascii::take_number(digits, part) && digits.empty() && part < mime_parameters_max) {
    parameter.part = static_cast<unsigned>(part);
    name.resize(star);
  }
}

std::vector<MimeParameter> mime_parameters(std::string_view field, std::string_view wanted) {
  std::vector<MimeParameter> found;
  field.remove_prefix(std::min(field.find(';'), field.size()));
  for (std::size_t count = 0; !field.empty() && count < mime_parameters_max; ++count) {
    field.remove_prefix(1);  // the ';'
    const std::size_t end = std::min(field.find_first_of("=;"), field.size());
    MimeParameter parameter;
    parameter.name = ascii::lower(ascii::trimmed(field.substr(0, end)));
    field.remove_prefix(end);
    if (!field.starts_with('=')) continue;
    field.remove_prefix(1);
    field.remove_prefix(std::min(field.find_first_not_of(" \t\r\n"), field.size()));
    parameter.value = take_mime_value(field);
    split_mime_name(parameter);
    if (parameter.name == wanted) found.push_back(std::move(parameter));
  }
  return found;
}

std::string utf8_of(std::string_view charset, std::string text) {
  if (!ascii::equal(charset, "iso-8859-1") && !ascii::equal(charset, "windows-1252")) return text;
  std::string wide;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      wide += c;
    } else {
      wide += static_cast<char>(0xc0 | byte >> 6);
      wide += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return wide;
}

// RFC 2047 allows 75 bytes; what is longer than this is text.
constexpr std::size_t encoded_word_max = 1'024;

// =?charset?B?text?= at the beginning, which is taken off.
std::optional<std::string> take_encoded_word(std::string_view& text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::string_view word = text.substr(0, encoded_word_max);
  const std::size_t charset = word.find('?', 2);
  if (charset == std::string_view::npos || charset + 2 >= word.size() || word[charset + 2] != '?') return {};
  const std::size_t end = word.find("?=", charset + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const char kind = ascii::lower(word[charset + 1]);
  if (kind != 'b' && kind != 'q') return std::nullopt;
  std::string coded(word.substr(charset + 3, end - charset - 3));
  if (coded.find_first_of(" \t") != std::string::npos) return std::nullopt;
  if (kind == 'q') std::replace(coded.begin(), coded.end(), '_', ' ');
  TransferDecoder decoder(kind == 'b' ? TransferCoding::base64 : TransferCoding::quoted_printable);
  std::vector<std::uint8_t> plain;
  decoder.decode(as_bytes(coded), plain);
  decoder.finish(plain);
  const std::string_view set = word.substr(2, charset - 2);
  text.remove_prefix(end + 2);
  return utf8_of(set.substr(0, set.find('*')), std::string(ascii::text_of(plain)));
}

std::string joined_parts(std::vector<MimeParameter> parts) {
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.part < b.part; });
  std::string value;
  std::string charset;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view text = parts[i].value;
    if (parts[i].coded && i == 0 && std::count(text.begin(), text.end(), '\'') >= 2) {
      charset = text.substr(0, text.find('\''));
      text.remove_prefix(text.find('\'') + 1);
      text.remove_prefix(text.find('\'') + 1);
    }
    value += parts[i].coded ? ascii::percent_decoded(text) : std::string(text);
  }
  return utf8_of(charset, std::move(value));
}

}  // namespace

std::string mime_value(std::string_view field) {
  return ascii::lower(ascii::trimmed(field.substr(0, field.find(';'))));
}

std::string mime_parameter(std::string_view field, std::string_view name) {
  std::vector<MimeParameter> found = mime_parameters(field, name);
  if (found.empty()) return {};
  // One that has the charset, or parts, stands for the plain one beside it.
  const auto is_coded = [](const MimeParameter& parameter) { return parameter.coded; };
  const bool coded = std::any_of(found.begin(), found.end(), is_coded);
  const bool parts = std::any_of(found.begin(), found.end(), [](const auto& p) { return p.part != 0; });
  if (coded || parts) {
    if (!parts) std::erase_if(found, [&](const auto& parameter) { return !is_coded(parameter); });
    return joined_parts(std::move(found));
  }
  return mime_decoded_words(found.front().value);
}

std::string mime_decoded_words(std::string_view text) {
  std::string plain;
  std::string blanks;  // between two encoded words they are no text
  bool behind_word = false;
  while (!text.empty()) {
    if (const auto word = take_encoded_word(text)) {
      if (!behind_word) plain += blanks;
      blanks.clear();
      plain += *word;
      behind_word = true;
    } else if (const char c = text.front(); ascii::is_blank(c) || c == '\r' || c == '\n') {
      blanks += c;
      text.remove_prefix(1);
    } else {
      plain += blanks;
      blanks.clear();
      behind_word = false;
      plain += c;
      text.remove_prefix(1);
    }
  }
  return plain + blanks;
}

}  // namespace restitch
