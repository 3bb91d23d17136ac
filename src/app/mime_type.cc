#include "app/mime_type.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace restitch {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view type;
};

// The longer ones of those that begin alike first.
constexpr auto magics = std::to_array<Magic>({
    {0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    {0, "GIF87a"sv, "image/gif"},
    {0, "GIF89a"sv, "image/gif"},
    {0, "\xff\xd8\xff"sv, "image/jpeg"},
    {0, "BM"sv, "image/x-ms-bmp"},
    {0, "\0\0\1\0"sv, "image/x-icon"},
    {0, "II*\0"sv, "image/tiff"},
    {0, "MM\0*"sv, "image/tiff"},
    {8, "WEBP"sv, "image/webp"},
    {0, "%PDF-"sv, "application/pdf"},
    {0, "PK\x03\x04"sv, "application/zip"},
    {0, "PK\x05\x06"sv, "application/zip"},
    {0, "\x1f\x8b"sv, "application/x-gzip"},
    {0, "BZh"sv, "application/x-bzip2"},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "application/x-xz"},
    {0, "\x28\xb5\x2f\xfd"sv, "application/zstd"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "application/x-7z-compressed"},
    {0, "Rar!\x1a\x07"sv, "application/x-rar"},
    {0, "MSCF"sv, "application/vnd.ms-cab-compressed"},
    {257, "ustar"sv, "application/x-tar"},
    {0, "MZ"sv, "application/x-dosexec"},
    {0,
     "\x7f"
     "ELF"sv,
     "application/x-executable"},
    {0, "\xca\xfe\xba\xbe"sv, "application/x-java-applet"},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, "application/msword"},
    {0, "{\\rtf"sv, "text/rtf"},
    {0, "CWS"sv, "application/x-shockwave-flash"},
    {0, "FWS"sv, "application/x-shockwave-flash"},
    {0, "wOFF"sv, "application/font-woff"},
    {0, "wOF2"sv, "application/font-woff2"},
    {0, "OggS"sv, "application/ogg"},
    {0, "ID3"sv, "audio/mpeg"},
    {0, "fLaC"sv, "audio/x-flac"},
    {0, "FLV\x01"sv, "video/x-flv"},
    {4, "ftyp"sv, "video/mp4"},
    {0, "\x1a\x45\xdf\xa3"sv, "video/webm"},
    {0, "\0\0\1\xba"sv, "video/mpeg"},
    {0, "\0\0\1\xb3"sv, "video/mpeg"},
    {0, "RIFF"sv, "audio/x-wav"},
    {0, "!<arch>\n"sv, "application/x-archive"},
    {0, "#!"sv, "text/x-shellscript"},
    {0, "-----BEGIN CERTIFICATE-----"sv, "application/x-x509-ca-cert"},
    {0, "<?xml"sv, "application/xml"},
    {0, "%!PS"sv, "application/postscript"},
});

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

std::string_view type_of_text(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const std::string_view rest = start == std::string_view::npos ? std::string_view() : text.substr(start);
  for (const std::string_view tag :
       {"<!doctype html"sv, "<html"sv, "<head"sv, "<title"sv, "<body"sv, "<script"sv}) {
    if (begins_with_word(rest, tag)) return "text/html";
  }
  for (const std::string_view tag : {"<?xml"sv, "<rss"sv, "<svg"sv}) {
    if (begins_with_word(rest, tag)) return tag == "<svg" ? "image/svg+xml" : "application/xml";
  }
  if (rest.size() > 1 && (rest[0] == '{' || rest[0] == '[') && rest.find('"') != std::string_view::npos &&
      rest.find_first_not_of(" \t\r\n{[") == rest.find('"')) {
    return "text/json";
  }
  return "text/plain";
}

// Whether nothing in it is there for machines only. A character may be cut at the end.
bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n' && byte != '\f' && byte != 0x1b) ||
           byte == 0x7f;
  });
}

}  // namespace

std::string_view mime_type_of(Bytes head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()),
                              std::min(head.size(), mime_type_head));
  if (text.empty()) return {};
  for (const Magic& magic : magics) {
    if (text.size() >= magic.offset + magic.bytes.size() &&
        text.substr(magic.offset, magic.bytes.size()) == magic.bytes) {
      return magic.type;
    }
  }
  return is_text(text) ? type_of_text(text) : std::string_view();
}

}  // namespace restitch
