// MimePart: one part of a mail that holds no parts of its own: an object, with its transfer coding taken off.
// If it is a mail itself, its parts are objects too. Owned by a MimeParser; findings and mail are borrowed.
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "app/mime_mail.h"
#include "app/transfer_decoder.h"
#include "app/url_finder.h"
#include "restitch/app/findings.h"

namespace restitch {

class MimeParser;

class MimePart {
 public:
  // One without a name begins with its first byte, for there may be none.
  MimePart(Findings& findings, MimeMail& mail, ObjectHead head, TransferCoding coding,
           std::unique_ptr<MimeParser> inner);
  MimePart(const MimePart&) = delete;
  MimePart& operator=(const MimePart&) = delete;
  ~MimePart();

  void data(Findings& findings, Bytes bytes, const Origin& origin);
  // Bytes of it were not captured. Nothing can be decoded behind a hole in base64.
  void gap(Findings& findings, std::uint64_t size);
  // Once. `complete`: its last byte came.
  void end(Findings& findings, bool complete);

 private:
  void begin(Findings& findings, const Origin& origin);
  void report(Findings& findings, Bytes plain, const Origin& origin);

  MimeMail& mail_;
  ObjectHead head_;
  TransferDecoder decoder_;
  std::unique_ptr<MimeParser> inner_;
  std::optional<UrlFinder> url_finder_;  // of a text
  std::optional<ObjectNumber> object_;
  std::vector<std::uint8_t> plain_;  // scratch
  std::uint64_t size_ = 0;
  ObjectEnd end_;
  bool stopped_ = false;  // what comes cannot be decoded, or is beyond the limit
};

}  // namespace restitch
