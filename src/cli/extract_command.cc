#include <fmt/format.h>
#include <memory>
#include <utility>

#include "cli/commands.h"
#include "cli/extract_objects.h"
#include "cli/flush_timer.h"
#include "cli/messages.h"
#include "cli/open_files.h"
#include "cli/selection.h"
#include "cli/serve_packets.h"
#include "cli/session.h"
#include "cli/summary.h"

namespace restitch::cli {
namespace {

std::string extraction_text(const ExtractionCounts& counts, const std::string& directory) {
  std::string out;
  if (counts.gaps_not_filled != 0) {
    out += fmt::format("gaps left out, not filled with zeros (--zeros-max, --zeros-total-max): {}\n",
                       counts.gaps_not_filled);
  }
  if (counts.zeros != 0) out += fmt::format("gaps filled with zeros: {} bytes\n", counts.zeros);
  if (counts.bytes_after_stop != 0) {
    out += fmt::format("left out behind the first gap of a stream: {} bytes\n", counts.bytes_after_stop);
  }
  if (counts.streams_left_out != 0) {
    out += fmt::format("directions without a file (--files-max): {}\n", counts.streams_left_out);
  }
  if (counts.bytes_left_out != 0) {
    out += fmt::format("left out for want of room (--files-max, --bytes-max, --file-bytes-max): {} bytes\n",
                       counts.bytes_left_out);
  }
  return out + fmt::format("{} files, {} bytes, written to {}\n", counts.files, counts.bytes, directory);
}

// The folder is made with all rights that there are, and written to with those that are left. Nothing: it
// could not be done, and the session said why.
std::unique_ptr<Extraction> open_extraction(Session& session, const Options& options) {
  auto folder = session.open_folder(options.directory);
  if (!folder) return nullptr;
  const bool made = folder->made();
  auto extraction = Extraction::open(std::move(*folder), options.extraction);
  if (extraction) return std::move(*extraction);
  const bool rights = session.live() && !made && extraction.error().message.ends_with("Permission denied");
  session.fail(extraction.error().message +
               (rights ? " (a folder that is there is written to as -Z says)" : ""));
  return nullptr;
}

}  // namespace

int run_extract(const Options& options) {
  int status = exit_ok;
  // What is sent while it comes needs no more than is known then.
  const bool as_it_comes = !options.listen.empty() && options.input.endless();
  const auto selection =
      Selection::read_ahead(options, as_it_comes ? ConnectionFilter() : options.where, status);
  if (!selection) return status;
  if (!options.listen.empty()) return serve_packets(options, *selection);
  if (options.objects) return extract_objects(options, *selection);
  FileStreamFactory::Wanted wanted;
  if (!selection->has_all()) {
    wanted = [&](const ConnectionSummary& summary) { return selection->has(summary.number); };
  }
  allow_many_open_files();
  Session session(options);
  if (!session.open()) return session.status();
  const auto extraction = open_extraction(session, options);
  if (!extraction || !session.serve_metrics()) return session.status();
  ConnectionTotals totals;
  ConnectionLog log([&](const ConnectionSummary& summary) { totals.add(summary); },
                    ConnectionOrder::as_they_end, options.memory.log);
  log.list_conflicts();
  bool told = false;
  const auto tell_error = [&] {
    if (extraction->error() && !std::exchange(told, true)) session.fail(extraction->error()->message);
  };
  FlushTimer timer(options.flush_interval_s);
  const auto go_on = [&] {
    if (timer.due(session.counts().fed.packets)) extraction->flush();
    if (!extraction->error()) return true;
    tell_error();
    session.break_off();
    return false;
  };
  if (options.captures) {
    CaptureStreamFactory factory(*extraction, log, wanted);
    session.run<CaptureStream>(factory, go_on);
  } else {
    FileStreamFactory factory(*extraction, log, wanted);
    session.run<FileStream>(factory, go_on);
  }
  extraction->finish();
  tell_error();
  if (!options.quiet && !session.read_nothing()) {
    show(extraction_text(extraction->counts(), options.directory) + closing_text(session, totals));
  }
  return session.status();
}

}  // namespace restitch::cli
