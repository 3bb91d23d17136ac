#include "app/smb_message.h"

#include <cstring>

#include "base/bytes.h"

namespace restitch {
namespace {

constexpr std::uint32_t smb_status_pending = 0x103;
constexpr std::uint32_t smb_status_more_data = 0x8000'0005;

void append_utf8(std::string& text, std::uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  const unsigned more = c < 0x800 ? 1 : c < 0x1'0000 ? 2 : 3;
  constexpr std::uint32_t lead[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(lead[more] | c >> (6 * more));
  for (unsigned i = more; i-- > 0;) text += static_cast<char>(0x80 | (c >> (6 * i) & 0x3f));
}

}  // namespace

SmbHeader SmbHeader::read(Bytes message) {
  SmbHeader header;
  header.status = load_le32(message.data() + 8);
  header.command = static_cast<SmbCommand>(load_le16(message.data() + 12));
  header.response = (message[16] & 1) != 0;
  header.async = (message[16] & 2) != 0;
  header.next = load_le32(message.data() + 20);
  header.message = load_le64(message.data() + 24);
  header.tree = load_le32(message.data() + 36);
  return header;
}

std::size_t SmbHeader::needed() const {
  switch (command) {
    case SmbCommand::tree_connect:
      return bytes + (response ? 4 : 0);
    case SmbCommand::create:
      return bytes + (response ? 80 : 56);
    case SmbCommand::close:
      return bytes + (response ? 0 : 24);
    case SmbCommand::read:
      return bytes + (response ? 16 : 32);
    case SmbCommand::write:
      return bytes + (response ? 0 : 48);
  }
  return bytes;
}

bool SmbHeader::succeeded() const { return status == 0 || status == smb_status_more_data; }
bool SmbHeader::pending() const { return status == smb_status_pending; }

bool is_smb(Bytes bytes, std::uint8_t first) {
  return bytes.size() >= 4 && bytes[0] == first && std::memcmp(bytes.data() + 1, "SMB", 3) == 0;
}

SmbFileId smb_file_id(const std::uint8_t* at) { return {load_le64(at), load_le64(at + 8)}; }

std::string smb_text(Bytes bytes) {
  std::string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    std::uint32_t c = load_le16(bytes.data() + i);
    if (c >= 0xd800 && c < 0xdc00 && i + 3 < bytes.size()) {
      const std::uint32_t low = load_le16(bytes.data() + i + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x1'0000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    append_utf8(text, c);
  }
  return text;
}

}  // namespace restitch
