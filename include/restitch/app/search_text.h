// SearchText: what a search found as lines, for people or as JSON. What packets contain is made harmless on
// the way. A value; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "restitch/app/search_stream.h"

namespace RESTITCH_API restitch {

struct SearchTextStyle {
  bool json = false;
  bool matches_only = false;  // each match in a line of its own, without what is around it
  bool heads = true;          // who says it stands before each line
  bool coloured = false;      // SGR, in the colours of grep
  bool groups = false;        // "--" stands between excerpts that do not touch, as where there is context
};

class SearchText {
 public:
  // `patterns` and `plan` outlive it.
  SearchText(const SearchPatterns& patterns, const SearchPlan& plan, const SearchTextStyle& style)
      : patterns_(patterns), plan_(plan), style_(style) {}

  // An excerpt of connection `number`. As text:
  //
  //   3 10.0.0.1:40000 > 192.0.2.1:80 120: GET /secret HTTP/1.1
  //
  // which is who says it to whom, and the offset of the first byte that is shown; - in place of : where the
  // line is only context. Where bytes are no text, some around the match are shown, and dots for those that
  // are no letters. Layer and name of an object stand before the offset.
  //
  // As JSON, for each match: connection, uid, src, dst, direction ("client": it says it), in, layer and
  // object where there is one, offset, size, packet and time of its last byte, pattern, start_known where it
  // is false, then where it is true, match, hex where the match is no text, and context if that was asked
  // for. Of objects and what was decrypted stream_offset and stream_size say from which bytes of the stream
  // the last byte of the match came.
  void append(std::string& out, std::uint64_t number, const SearchNote& note);

  // A connection or, with `direction`, one direction of it, and how many matches it has, if that is to be
  // said.
  void append_row(std::string& out, const ConnectionSummary& summary,
                  std::optional<TcpFlowDirection> direction, std::optional<std::uint64_t> matches) const;

 private:
  void append_lines(std::string& out, std::uint64_t number, const SearchNote& note) const;
  void append_line(std::string& out, std::string_view head, const SearchNote& note, std::size_t begin,
                   std::size_t size) const;
  void append_match(std::string& out, std::string_view head, const SearchNote& note,
                    const SearchMatch& match) const;
  void append_json(std::string& out, std::uint64_t number, const SearchNote& note,
                   const SearchMatch& match) const;
  void append_offset(std::string& out, std::uint64_t offset, char separator) const;
  [[nodiscard]] std::string head(std::uint64_t number, const SearchNote& note) const;
  [[nodiscard]] std::string_view colour(std::string_view code) const {
    return style_.coloured ? code : std::string_view();
  }

  const SearchPatterns& patterns_;
  const SearchPlan& plan_;
  SearchTextStyle style_;
  // Where the excerpt before ended, for groups.
  std::string last_head_;
  std::uint64_t last_end_ = 0;
};

}  // namespace restitch
