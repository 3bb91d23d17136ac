#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "batch/map_task.h"
#include "batch/reduce_task.h"
#include "batch/result_file.h"
#include "cli/batch_setup.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/interrupt.h"
#include "cli/messages.h"
#include "cli/skipped_text.h"
#include "cli/standard_output.h"

namespace restitch::cli {
namespace {

int fail(const std::string& message) {
  say(message);
  return interrupted() ? status_of(interrupting_signal()) : exit_input;
}

// ---- plan ------------------------------------------------------------------------------------------

Result<batch::ManifestFile> planned_file(const InputFile& file) {
  if (!file.trouble.empty()) return failure(ErrorCode::io, file.trouble);
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file.path, error);
  if (error || !std::filesystem::is_regular_file(path, error)) {
    return failure(ErrorCode::io, file.path + ": only a file can be read by several tasks");
  }
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error) return failure(ErrorCode::io, fmt::format("{}: {}", file.path, error.message()));
  return batch::ManifestFile{path.string(), size, std::max(file.first, Timestamp())};
}

Result<batch::Manifest> manifest_of(const Options& options) {
  batch::Manifest manifest;
  manifest.arguments = options.batch.arguments;
  InputFiles found = expand_inputs(options.input.files, options.input.recursive);
  if (!found.skipped.empty() && !options.quiet) say(skipped_text(found.skipped));
  std::stable_sort(found.files.begin(), found.files.end(),
                   [](const InputFile& one, const InputFile& other) { return one.first < other.first; });
  for (const InputFile& file : found.files) {
    auto planned = planned_file(file);
    if (!planned) return tl::unexpected(planned.error());
    manifest.files.push_back(std::move(*planned));
  }
  return manifest;
}

int plan(const Options& options) {
  const auto manifest = manifest_of(options);
  if (!manifest) return fail(manifest.error().message);
  const auto text = manifest->text();
  if (!text) return fail(text.error().message);
  auto file = batch::ResultFile::create(options.batch.manifest);
  if (!file) return fail(file.error().message);
  file->append(*text);
  if (const auto done = file->commit(); !done) return fail(done.error().message);
  if (!options.quiet) show(fmt::format("{} tasks, from 1\n", manifest->files.size()));
  return exit_ok;
}

// ---- map -------------------------------------------------------------------------------------------

// That a file is damaged is no failure of the task: reduce says it again, and its status tells it.
int map(const Options& options) {
  const auto planned = read_manifest(options.batch.manifest);
  if (!planned) return fail(planned.error().message);
  const std::size_t tasks = (*planned)->setup.manifest.files.size();
  const std::uint64_t task = options.batch.task;
  if (task > tasks) return fail(fmt::format("there is no task {}: there are {}", task, tasks));
  const auto folder = OutputFolder::open(options.batch.output);
  if (!folder) return fail(folder.error().message);
  const auto done = batch::map_file((*planned)->setup, static_cast<std::size_t>(task - 1), folder->path());
  if (!done) return fail(done.error().message);
  if (!done->damage.empty()) say(done->damage);
  if (!options.quiet) show(fmt::format("task {}: {} packets, {} lines\n", task, done->records, done->lines));
  return exit_ok;
}

// ---- reduce ----------------------------------------------------------------------------------------

std::string text_of(const batch::ReduceReport& report) {
  std::string text =
      fmt::format("{} connections of {} files, {} of them across a border; {} files read again\n",
                  report.connections, report.files, report.crossing, report.read_again);
  if (report.overlapping != 0) {
    text += fmt::format("{} files overlap in time: they were read again as a whole\n", report.overlapping);
  }
  return text;
}

// What may make the result another one than that of a single run.
void warn(const batch::ReduceReport& report, const LogLimits& limits) {
  if (report.limited != 0) {
    say("a limit of memory acted: one run over all files may tell of some connections differently "
        "(--memory)");
  }
  if (report.fragments_cut) {
    say("too many fragments waited at the end of a file: one run over all files may put more of them "
        "together");
  }
  if (report.connections > limits.waiting_max) {
    say(fmt::format(
        "the lines are in order; one run keeps {} connections back for that, and may tell some sooner",
        limits.waiting_max));
  }
}

int finish(const Options& options, const batch::BatchSetup& setup,
           const Result<batch::ReduceReport>& report) {
  if (!report) return fail(report.error().message);
  for (const std::string& damage : report->damages) say(damage);
  warn(*report, setup.log);
  if (!options.quiet) show(text_of(*report));
  return report->damages.empty() ? exit_ok : exit_input;
}

int reduce(const Options& options) {
  const auto planned = read_manifest(options.batch.manifest);
  if (!planned) return fail(planned.error().message);
  const batch::BatchSetup& setup = (*planned)->setup;
  const std::string& folder = options.input.files.front();
  if (options.batch.output.empty() || options.batch.output == "-") {
    StandardOutput output;
    const auto report = batch::reduce(setup, folder, [&](std::string_view lines) { output.write(lines); });
    const bool written = output.flush();
    const int status = finish(options, setup, report);
    return written ? status : exit_input;
  }
  auto file = batch::ResultFile::create(options.batch.output);
  if (!file) return fail(file.error().message);
  auto report = batch::reduce(setup, folder, [&](std::string_view lines) { file->append(lines); });
  if (report) {
    if (const auto done = file->commit(); !done) return fail(done.error().message);
  }
  return finish(options, setup, report);
}

}  // namespace

int run_batch(const Options& options) {
  switch (options.batch.step) {
    case BatchStep::plan:
      return plan(options);
    case BatchStep::map:
      return map(options);
    case BatchStep::reduce:
      break;
  }
  return reduce(options);
}

}  // namespace restitch::cli
