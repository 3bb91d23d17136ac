#include "cli/extract_objects.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "cli/flush_timer.h"
#include "cli/messages.h"
#include "cli/open_files.h"
#include "cli/session.h"
#include "cli/summary.h"
#include "restitch/app/object_files.h"

namespace restitch::cli {
namespace {

std::string objects_text(const ObjectCounts& counts, const std::string& directory) {
  std::string out;
  if (counts.incomplete != 0) out += fmt::format("objects that are not complete: {}\n", counts.incomplete);
  if (counts.objects_left_out != 0) {
    out += fmt::format("objects without a file (--files-max): {}\n", counts.objects_left_out);
  }
  if (counts.bytes_left_out != 0) {
    out += fmt::format("left out for want of room (--files-max, --bytes-max, --file-bytes-max): {} bytes\n",
                       counts.bytes_left_out);
  }
  return out + fmt::format("{} objects, {} bytes, written to {}\n", counts.files, counts.bytes, directory);
}

// nullptr: it could not be opened, and the session said why.
std::unique_ptr<ObjectFiles> open_objects(Session& session, const Options& options) {
  auto folder = session.open_folder(options.directory);
  if (!folder) return nullptr;
  auto files = ObjectFiles::open(std::move(*folder), {.files_max = options.extraction.files_max,
                                                      .bytes_max = options.extraction.bytes_max,
                                                      .file_bytes_max = options.extraction.file_bytes_max,
                                                      .community_seed = options.community_seed,
                                                      .limits = options.extraction.limits});
  if (files) return std::move(*files);
  session.fail(files.error().message);
  return nullptr;
}

}  // namespace

int extract_objects(const Options& options, const Selection& selection) {
  ObjectSinks::Wanted wanted;
  if (!selection.has_all()) {
    wanted = [&](const ConnectionSummary& summary) { return selection.has(summary.number); };
  }
  allow_many_open_files();
  Session session(options);
  if (!session.open()) return session.status();
  const auto objects = open_objects(session, options);
  if (!objects || !session.serve_metrics()) return session.status();
  ConnectionTotals totals;
  ConnectionLog log([&](const ConnectionSummary& summary) { totals.add(summary); },
                    ConnectionOrder::as_they_end, options.memory.log);
  bool told = false;
  const auto tell_error = [&] {
    if (objects->error() && !std::exchange(told, true)) session.fail(objects->error()->message);
  };
  FlushTimer timer(options.flush_interval_s);
  AnalyzedStreamFactory factory(log, {.limits = {}, .secrets = session.secrets()},
                                std::make_unique<ObjectSinks>(*objects, wanted));
  session.run<AnalyzedStream>(factory, [&] {
    if (timer.due(session.counts().fed.packets)) objects->flush();
    if (!objects->error()) return true;
    tell_error();
    session.break_off();
    return false;
  });
  objects->finish();
  tell_error();
  if (!options.quiet && !session.read_nothing()) {
    show(objects_text(objects->counts(), options.directory) + closing_text(session, totals));
  }
  return session.status();
}

}  // namespace restitch::cli
