// SmbHeader: what stands in front of a message of SMB2 (MS-SMB2 2.2.1), and what of a message is looked at.
// Values and pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "restitch/packet.h"

namespace restitch {

enum class SmbCommand : std::uint16_t { tree_connect = 3, create = 5, close = 6, read = 8, write = 9 };

// Of an open file: the persistent and the volatile part.
using SmbFileId = std::pair<std::uint64_t, std::uint64_t>;

struct SmbHeader {
  static constexpr std::size_t bytes = 64;

  std::uint32_t status = 0;
  SmbCommand command{};
  bool response = false;
  bool async = false;         // it has no tree
  std::uint32_t next = 0;     // where the next message of a compound begins; 0: it is the last one
  std::uint64_t message = 0;  // number, the same for request and response
  std::uint32_t tree = 0;     // of which share

  // Requires: `message` begins with a whole header.
  static SmbHeader read(Bytes message);
  // How much of the message has to be there before it is looked at; that of data are its fields.
  [[nodiscard]] std::size_t needed() const;
  // Not an error, and not that there will be an answer later.
  [[nodiscard]] bool succeeded() const;
  [[nodiscard]] bool pending() const;
};

// Whether there is `first` and "SMB": 0xfe of version 2, 0xff of version 1, 0xfd where it is encrypted, 0xfc
// where it is compressed.
bool is_smb(Bytes bytes, std::uint8_t first);

SmbFileId smb_file_id(const std::uint8_t* at);

// UTF-8 of UTF-16 as Windows has it: half of a pair stands for itself.
std::string smb_text(Bytes bytes);

}  // namespace restitch
