#include <utility>

#include "output/log_file.h"
#include "output/log_state.h"

namespace restitch {

struct ConnectionLogFiles::State {
  State(OutputFolder to, const LogFileOptions& options)
      : folder(std::move(to)),
        writer(options.log),
        file(folder, log_file_name(options.log.format), options, *writer.state_->encoder) {}

  OutputFolder folder;
  ConnectionLogWriter writer;
  LogFile file;
};

Result<std::unique_ptr<ConnectionLogFiles>> ConnectionLogFiles::open(OutputFolder folder,
                                                                     const LogFileOptions& options) {
  auto files = std::make_unique<ConnectionLogFiles>(std::move(folder), options);
  if (!files->state_->file.make()) return tl::unexpected(*files->error());
  return files;
}

ConnectionLogFiles::ConnectionLogFiles(OutputFolder folder, const LogFileOptions& options)
    : state_(std::make_unique<State>(std::move(folder), options)) {}

ConnectionLogFiles::~ConnectionLogFiles() = default;

void ConnectionLogFiles::add(const ConnectionSummary& summary) {
  std::string* const out = state_->file.begin_row(summary.last_seen());
  if (out == nullptr) return;
  state_->writer.add(*out, summary);
  state_->file.end_row();
}

void ConnectionLogFiles::flush() { state_->file.flush(); }
void ConnectionLogFiles::reopen() { state_->file.reopen(); }
void ConnectionLogFiles::finish() { state_->file.finish(); }
const std::optional<Error>& ConnectionLogFiles::error() const { return state_->file.error(); }
std::uint64_t ConnectionLogFiles::files() const { return state_->file.files(); }
std::uint64_t ConnectionLogFiles::rows() const { return state_->file.rows(); }

}  // namespace restitch
