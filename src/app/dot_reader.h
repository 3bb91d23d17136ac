// DotReader: text that ends with a line that is one dot, and in which a dot at the beginning of a line is
// doubled (SMTP, POP3). Where lines end with CR and LF, as they must, a bare LF ends none; but others may
// read it so: the end that they would see is told. A value; one thread.
#pragma once

#include <cstddef>

#include "restitch/packet.h"

namespace restitch {

class DotReader {
 public:
  // The next bytes of the text from `at` on, which then lies behind them; none: it ended, or there is too
  // little to tell (never if `forced`). Requires: bytes from `at` on that were not taken are offered again.
  Bytes next(Bytes bytes, std::size_t& at, bool forced);

  [[nodiscard]] bool ended() const { return ended_; }
  // There was a line of one dot that ends the text for a reader to whom a bare LF ends a line, or only for
  // such.
  [[nodiscard]] bool ambiguous() const { return ambiguous_; }
  // Bytes are missing.
  void lose() { line_start_ = false; }

 private:
  bool read_dot(Bytes bytes, std::size_t& at, bool forced, bool& waits);

  bool line_start_ = true;
  bool behind_crlf_ = true;  // the line before ended with CR and LF, or there is none
  bool last_cr_ = false;
  bool any_line_ = false;  // some line has ended
  bool crlf_ = true;       // … the first of them with CR and LF
  bool ended_ = false;
  bool ambiguous_ = false;
};

}  // namespace restitch
