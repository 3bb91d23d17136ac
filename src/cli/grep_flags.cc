#include "cli/grep_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <limits>
#include <utility>

#include "cli/choices.h"
#include "cli/input_flags.h"
#include "cli/numbers.h"

namespace restitch::cli {
namespace {

constexpr unsigned context_lines_max = 100;
constexpr std::size_t context_bytes_max = std::size_t{16} << 10;

// A pattern a line, as in grep.
void add_grep_lines(std::vector<std::string>& patterns, std::string_view text, bool empty_ones) {
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!empty_ones && line.ends_with('\r')) line.remove_suffix(1);
    if (empty_ones || !line.empty()) patterns.emplace_back(line);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// "3" are lines, "80b" bytes.
bool take_grep_context(std::string_view text, unsigned& lines, std::size_t& bytes) {
  const bool in_bytes = text.ends_with('b') || text.ends_with('B');
  if (in_bytes) text.remove_suffix(1);
  const double most = in_bytes ? double{context_bytes_max} : double{context_lines_max};
  const auto number = decimal_of(text, 0, most);
  if (!number || text.find('.') != std::string_view::npos) return false;
  const auto count = static_cast<unsigned>(*number);
  if (in_bytes) {
    bytes = count;
  } else {
    lines = count;
  }
  return true;
}

}  // namespace

void GrepFlags::add_pattern_to(CLI::App& command) {
  command
      .add_option(
          "REGEX", word_,
          "What to look for, in the syntax of PCRE;\nwith -e or -f the first FILE stands in its place")
      ->option_text("");
}

void GrepFlags::add_to(CLI::App& command) {
  add_patterns(command);
  add_output(command);
  add_context(command);
}

void GrepFlags::add_patterns(CLI::App& command) {
  command.add_option("-e,--regexp", expressions_, "Another pattern; may be repeated")
      ->type_name("REGEX")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("-f,--file", files_, "Patterns from a file, one a line; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_flag("-F,--fixed-strings", selection_.search.literal,
                   "The patterns are texts, not expressions");
  command.add_flag("-i,--ignore-case", selection_.search.ignore_case, "A letter is its large and small one");
  command.add_flag("-w,--word-regexp", selection_.search.words, "Matches begin and end like words");
  command.add_flag("--client", client_, "Only what the client says");
  command.add_flag("--server", server_, "Only what the server says");
  command
      .add_option("--then", then_,
                  "Only pairs:\na match of one side, and later one of this in what the other side says")
      ->type_name("REGEX");
  command
      .add_option(
          "--in", selection_.plan.in,
          "stream, objects or decrypted:\nthe bytes of both sides, bodies and files (decoded), or what "
          "came out of TLS")
      ->option_text("WHAT=stream")
      ->transform(one_of<SearchIn>({{"stream", SearchIn::stream},
                                    {"objects", SearchIn::objects},
                                    {"decrypted", SearchIn::decrypted}}));
}

void GrepFlags::add_output(CLI::App& command) {
  command.add_flag("-c,--count", counts_, "Print how many matches each direction has");
  command.add_flag("-l,--connections", connections_, "Print only which connections have a match");
  command.add_flag("-L,--connections-without-match", others_, "Print only which connections have none");
  command.add_flag("-v,--invert-match", unmatched_, "Print which directions have none");
  command.add_flag("-o,--only-matching", selection_.matches_only, "Print only what matches, a line each");
  command
      .add_option("-m,--max-count", selection_.plan.rules.matches_max,
                  "Look no further in a direction behind N matches")
      ->type_name("N")
      ->transform(whole_number(1));
  command.add_flag("-q,--quiet", nothing_,
                   "Print nothing, and stop at the first match:\nthe exit status says what was found");
  command.add_flag("--json", selection_.json, "One JSON object a line for each match");
  command.add_flag("!--no-head", selection_.heads, "Without who says it, and the offset");
  command
      .add_option("--pcap", selection_.capture,
                  "Also write the packets of the connections that\nmatch, whole, to this pcapng; reads the "
                  "files twice")
      ->type_name("FILE");
}

void GrepFlags::add_context(CLI::App& command) {
  command
      .add_option("-A,--after-context", after_,
                  "Print what stands behind, too:\nso many lines, or bytes as in 80b")
      ->type_name("N");
  command.add_option("-B,--before-context", before_, "The same of what stands before")->type_name("N");
  command.add_option("-C,--context", around_, "Print what stands around: N lines, or 80b")->type_name("N");
}

bool GrepFlags::finish(InputFlags& input, std::string& complaint) {
  return take_patterns(input, complaint) && take_sides(complaint) && take_context(complaint) &&
         take_output(complaint);
}

bool GrepFlags::take_patterns(InputFlags& input, std::string& complaint) {
  std::vector<std::string>& patterns = selection_.patterns;
  for (const std::string& expression : expressions_) add_grep_lines(patterns, expression, true);
  for (const std::string& name : files_) {
    std::ifstream file(name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      complaint = name + ": cannot read the patterns";
      return false;
    }
    add_grep_lines(patterns, text, false);
  }
  if (!expressions_.empty() || !files_.empty()) {
    if (!word_.empty()) input.put_first(std::exchange(word_, {}));
  } else if (word_.empty()) {
    complaint = "grep: it takes what to look for, as in: restitch grep password FILE";
  } else {
    add_grep_lines(patterns, word_, true);
  }
  if (complaint.empty() && patterns.empty()) complaint = "-f: there is no pattern in the file";
  if (!then_.empty()) {
    selection_.plan.then_from = static_cast<std::uint32_t>(patterns.size());
    add_grep_lines(patterns, then_, true);
  }
  return complaint.empty();
}

bool GrepFlags::take_sides(std::string& complaint) {
  if (client_ && server_) {
    complaint = "--client, --server: it is one of them, or without them both";
  } else if (client_ || server_) {
    selection_.plan.only = client_ ? TcpFlowDirection::client_to_server : TcpFlowDirection::server_to_client;
  }
  return complaint.empty();
}

bool GrepFlags::take_context(std::string& complaint) {
  ExcerptShape& shape = selection_.plan.rules.shape;
  const std::pair<const char*, const std::string*> texts[] = {
      {"--context", &around_}, {"--before-context", &before_}, {"--after-context", &after_}};
  for (const auto& [name, text] : texts) {
    unsigned lines = 0;
    std::size_t bytes = 0;
    if (text->empty()) continue;
    if (!take_grep_context(*text, lines, bytes)) {
      complaint = fmt::format("{}: \"{}\" is no number of lines up to {}, or bytes as in 80b up to {}b", name,
                              *text, context_lines_max, context_bytes_max);
      return false;
    }
    if (bytes != 0) shape.whole_lines = false;
    if (text != &after_) std::tie(shape.lines_before, shape.bytes_before) = std::pair(lines, bytes);
    if (text != &before_) std::tie(shape.lines_after, shape.bytes_after) = std::pair(lines, bytes);
  }
  const bool lines = shape.lines_before + shape.lines_after != 0;
  if (lines && !shape.whole_lines) complaint = "--context: either lines or bytes";
  if (selection_.matches_only && (lines || !shape.whole_lines)) {
    complaint = "-o: it prints what matches, without context";
  }
  if (selection_.matches_only || (selection_.json && !lines)) shape.whole_lines = false;
  return complaint.empty();
}

bool GrepFlags::take_output(std::string& complaint) {
  using Output = GrepSelection::Output;
  const std::pair<bool, Output> asked[] = {{counts_, Output::counts},
                                           {connections_, Output::connections},
                                           {others_, Output::others},
                                           {unmatched_, Output::unmatched},
                                           {nothing_, Output::nothing}};
  unsigned count = 0;
  for (const auto& [is, output] : asked) {
    if (is) selection_.output = output;
    count += is ? 1 : 0;
  }
  // As in grep, -q has the last word.
  if (count > 1 && !nothing_) complaint = "-c, -l, -L, -v: it is one of them";
  SearchPlan& plan = selection_.plan;
  const bool pairs = plan.then_from != 0;
  if (unmatched_ && pairs) complaint = "-v: with --then nobody could say of which direction";
  // Who answers a match is told by the excerpts.
  plan.rules.excerpts = selection_.output == Output::excerpts || pairs;
  if (pairs && selection_.output != Output::excerpts) plan.rules.shape = {.whole_lines = false};
  const bool counting = selection_.output == Output::excerpts || selection_.output == Output::counts;
  selection_.search.first_only = !counting && !pairs;
  plan.connection_only = selection_.search.first_only && selection_.output != Output::unmatched;
  return complaint.empty();
}

}  // namespace restitch::cli
