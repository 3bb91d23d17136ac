#include "batch/manifest.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <limits>
#include <optional>
#include <utility>

#include "batch/json_line.h"
#include "output/text.h"

namespace restitch::batch {
namespace {

tl::unexpected<Error> damage(std::size_t line, std::string_view what) {
  return failure(ErrorCode::damaged, fmt::format("line {}: {}", line, what));
}

// Takes a line off the front.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::optional<ManifestFile> file_of(const JsonLine& line, std::uint64_t task) {
  const auto* const number = line.number("task");
  const auto* const path = line.text("file");
  const auto* const size = line.number("size");
  const auto* const first = line.number("first_ns");
  if (number == nullptr || *number != task || path == nullptr || path->empty()) return std::nullopt;
  if (path->find('\0') != std::string::npos || size == nullptr || first == nullptr) return std::nullopt;
  if (*first > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return ManifestFile{*path, *size, {static_cast<std::int64_t>(*first)}};
}

std::string unchecked_text(const Manifest& manifest) {
  std::string out = fmt::format(R"({{"restitch_batch":{},"tasks":{},"arguments":[)", Manifest::format,
                                manifest.files.size());
  for (const std::string& argument : manifest.arguments) {
    if (&argument != manifest.arguments.data()) out += ',';
    append_json_string(out, argument);
  }
  out += "]}\n";
  std::uint64_t task = 0;
  for (const ManifestFile& file : manifest.files) {
    out += fmt::format(R"({{"task":{},"file":)", ++task);
    append_json_string(out, file.path);
    out += fmt::format(R"(,"size":{},"first_ns":{}}})", file.size, file.first.ns) + '\n';
  }
  return out;
}

}  // namespace

Result<Manifest> Manifest::parse(std::string_view text) {
  Manifest manifest;
  const auto head = JsonLine::parse(take_line(text));
  if (!head || head->number("restitch_batch") == nullptr) return damage(1, "this is no manifest of a batch");
  if (*head->number("restitch_batch") != format) return damage(1, "it is of another version of restitch");
  const auto* const tasks = head->number("tasks");
  const auto* const arguments = head->texts("arguments");
  if (tasks == nullptr || arguments == nullptr) return damage(1, "tasks or arguments are missing");
  manifest.arguments = *arguments;
  while (!text.empty()) {
    const std::size_t task = manifest.files.size() + 1;
    const auto line = JsonLine::parse(take_line(text));
    auto file = line ? file_of(*line, task) : std::nullopt;
    if (!file) return damage(task + 1, fmt::format("it does not tell the file of task {}", task));
    manifest.files.push_back(std::move(*file));
  }
  if (manifest.files.size() != *tasks) return damage(manifest.files.size() + 1, "the manifest was cut off");
  if (manifest.files.empty()) return damage(1, "it has no file");
  return manifest;
}

Result<std::string> Manifest::text() const {
  std::string out = unchecked_text(*this);
  const auto again = parse(out);
  if (!again || *again != *this) {
    return failure(ErrorCode::invalid_argument, "a manifest cannot hold a name or a flag that is not UTF-8");
  }
  return out;
}

std::uint64_t digest_of(std::string_view manifest_text) {
  return XXH3_64bits(manifest_text.data(), manifest_text.size());
}

}  // namespace restitch::batch
