// Standard output with a large buffer, and with its errors noticed. One per process; one thread.
#pragma once

#include <string>
#include <string_view>

namespace restitch::cli {

class StandardOutput {
 public:
  StandardOutput() = default;
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;
  ~StandardOutput() { flush(); }

  void write(std::string_view text);

  // Writes out what waits. False when anything could not be written; then one line says so on standard
  // error. A reader that has gone ends the process as SIGPIPE does.
  bool flush();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::string waiting_;
  bool failed_ = false;
};

// Prints `text`, where that is all there is to do, and answers with the exit status.
int print(std::string_view text);

}  // namespace restitch::cli
