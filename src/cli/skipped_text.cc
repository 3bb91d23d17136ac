#include "cli/skipped_text.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <string_view>

namespace restitch::cli {
namespace {

constexpr std::string_view directory_kind = "a directory";

// "snoop capture", by which it is sorted.
std::string_view bare(std::string_view kind) { return kind.starts_with("a ") ? kind.substr(2) : kind; }

// "1 not a capture", "2 snoop captures", "3 bzip2-compressed", of bare kinds.
std::string counted(std::size_t count, std::string_view kind) {
  if (count == 1) return fmt::format("1 {}", kind);
  if (kind == "not a capture") return fmt::format("{} not captures", count);
  if (kind == "not a file") return fmt::format("{} not files", count);
  const bool is_noun = kind != "hidden" && !kind.ends_with("compressed");
  return fmt::format("{} {}{}", count, kind, is_noun ? "s" : "");
}

}  // namespace

std::string skipped_text(std::span<const SkippedFile> files) {
  std::map<std::string_view, std::size_t> kinds;
  std::size_t directories = 0;
  for (const SkippedFile& file : files)
    file.kind == directory_kind ? ++directories : ++kinds[bare(file.kind)];
  std::string out;
  const std::size_t rest = files.size() - directories;
  if (rest != 0) out = fmt::format("{} {} skipped: ", rest, rest == 1 ? "file" : "files");
  // What there is most of first.
  std::multimap<std::size_t, std::string_view, std::greater<>> by_count;
  for (const auto& [kind, count] : kinds) by_count.emplace(count, kind);
  std::string_view separator;
  for (const auto& [count, kind] : by_count) {
    out.append(separator).append(counted(count, kind));
    separator = ", ";
  }
  if (directories == 0) return out;
  return out + fmt::format("{}{} {} not entered (see --recursive)", out.empty() ? "" : "; ", directories,
                           directories == 1 ? "directory" : "directories");
}

std::string skipped_text(const SkippedFile& file) {
  return fmt::format("{}: skipped: {}", file.path, file.kind);
}

}  // namespace restitch::cli
