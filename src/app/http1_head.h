// The head of a message of HTTP/1: where it ends, and what it says. llhttp reads it; what llhttp refuses, or
// what two programs may read in two ways, is read once more by a generous reader that says what is odd. A
// head is lent by whoever gave the bytes. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace restitch::http1 {

// Looks for the empty line that ends a head, or the trailers of chunks. Each byte is looked at once, however
// few come at a time; only the line that is not complete is kept in mind.
class HeadEnd {
 public:
  // `text` begins with the head, and is at least as long as in the call before. Answers how many bytes the
  // head has, with its empty line; 0: its end is not there yet. `forced`: no more comes.
  std::size_t find(std::string_view text, bool forced);

  // Up to here, all lines are complete.
  [[nodiscard]] std::size_t complete_lines() const { return line_; }
  // A line ended without CR, was continued in the next one, or had a space before the colon.
  [[nodiscard]] bool odd() const { return odd_; }
  void reset() { *this = {}; }

 private:
  enum class Line : std::uint8_t { text, blank, undecided };
  [[nodiscard]] Line judge(std::string_view text, std::size_t end, bool forced);

  std::uint32_t line_ = 0;  // where the line that is not complete begins
  std::uint32_t seen_ = 0;  // so far it has no line feed
  bool odd_ = false;
};

// Something in a head that two programs may read in two ways.
struct Oddity {
  std::string_view what;  // a constant, as AnomalyRecord has it
  std::size_t at = 0;     // in the head
  std::string detail;
};

struct Field {
  std::string_view name;   // without spaces around it
  std::string_view value;  // the same; may hold line ends, where it was continued
};

struct Head {
  enum class Kind : std::uint8_t { request, response };

  // Requires: `text` is a whole head, or the complete lines of one. `odd`: HeadEnd::odd().
  static Head read(std::string_view text, Kind kind, bool odd);

  std::string_view text;  // all of it
  bool valid = false;     // its start line can be read
  std::string_view method;
  std::string_view target;
  std::string_view version;  // "1.1"; "0.9": a request without one
  unsigned status = 0;
  std::string_view reason;
  std::vector<Field> fields;
  std::vector<Oddity> oddities;
  std::string_view refusal;  // why llhttp refused it; empty: it did not

  static constexpr std::size_t fields_max = 1'000;

  // The first one of that name (in lower case); nullptr: there is none.
  [[nodiscard]] const Field* field(std::string_view name) const;
  // All values of that name, with commas between.
  [[nodiscard]] std::string joined(std::string_view name) const;
};

// Without the line ends of a continued value.
std::string unfolded(std::string_view value);

// The generous reader, and the strict one, which is llhttp.
Head read_generously(std::string_view text, Head::Kind kind);
Head read_strictly(std::string_view text, Head::Kind kind);

}  // namespace restitch::http1
