#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/summary.h"

namespace restitch::cli {
namespace {

std::string extraction_text(const ExtractionCounts& counts, const std::string& directory) {
  std::string out;
  if (counts.gaps_not_filled != 0) {
    out += fmt::format("gaps left out, not filled with zeros (--zeros-max): {}\n", counts.gaps_not_filled);
  }
  if (counts.zeros != 0) out += fmt::format("gaps filled with zeros: {} bytes\n", counts.zeros);
  if (counts.bytes_after_stop != 0) {
    out += fmt::format("left out behind the first gap of a stream: {} bytes\n", counts.bytes_after_stop);
  }
  return out + fmt::format("{} files, {} bytes, written to {}\n", counts.files, counts.bytes, directory);
}

// Shells give 1,024 at first, for the sake of programs that use select(). A file that has to make way for
// another one is closed and opened again.
void allow_many_open_files() {
  constexpr rlim_t wanted = 4096 + 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_extract(const Options& options) {
  allow_many_open_files();
  Session session(options);
  if (!session.open()) return session.status();
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(options.directory, ignored);
  const auto extraction = Extraction::open(options.directory, options.extraction);
  if (!extraction) {
    session.fail(extraction.error().message);
    return session.status();
  }
  if (!session.settle_in(is_new ? options.directory : "")) return session.status();
  ConnectionTotals totals;
  ConnectionLog log([&](const ConnectionSummary& summary) { totals.add(summary); });
  const auto go_on = [&] { return !(*extraction)->error(); };
  if (options.captures) {
    CaptureStreamFactory factory(**extraction, log);
    session.run<CaptureStream>(factory, go_on);
  } else {
    FileStreamFactory factory(**extraction, log);
    session.run<FileStream>(factory, go_on);
  }
  (*extraction)->finish();
  if (!options.quiet) {
    fmt::print(stderr, "{}{}", extraction_text((*extraction)->counts(), options.directory),
               closing_text(session, totals));
  }
  if ((*extraction)->error()) session.fail((*extraction)->error()->message);
  return session.status();
}

}  // namespace restitch::cli
