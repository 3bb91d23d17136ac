#include "cli/batch_setup.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/interrupt.h"
#include "cli/session.h"

namespace restitch::cli {
namespace {

std::optional<Options> options_of(const batch::Manifest& manifest) {
  std::vector<const char*> words = {"restitch", "streams", "--json", "--quiet"};
  for (const std::string& argument : manifest.arguments) words.push_back(argument.c_str());
  words.insert(words.end(), {"--", manifest.files.front().path.c_str()});
  const ParsedOptions parsed = parse_options(static_cast<int>(words.size()), words.data());
  return parsed.options;
}

// Whether nothing is asked for but what a task can do.
bool is_of_batch(const Options& options, const batch::Manifest& manifest) {
  const InputSelection& input = options.input;
  const bool files = input.files == std::vector<std::string>{manifest.files.front().path} &&
                     !input.endless() && !input.list_interfaces && input.packets_max == 0 &&
                     !input.decoder.interface_in_key;
  const bool lines = options.command == Command::streams && options.json && !options.console &&
                     !options.sort && options.top == 0 && options.where.passes_all() &&
                     options.metrics.empty();
  return files && lines;
}

void set_up(PlannedBatch& planned) {
  const Options& options = planned.options;
  batch::BatchSetup& setup = planned.setup;
  setup.filter = options.input.filter;
  setup.reading.following.stop = &interrupted();
  setup.reading.following.memory = &planned.memory;
  setup.reading.merging.stop = &interrupted();
  setup.reading.merging.waiting_bytes_max = options.memory.waiting_max;
  setup.decoder = options.input.decoder;
  setup.pool = Session(options).pool_options();
  setup.assembler = options.limits.assembler;
  setup.log = options.memory.log;
  setup.list_events = options.events;
  setup.with_empty = options.with_empty;
  setup.community_seed = options.community_seed;
}

}  // namespace

Result<std::unique_ptr<PlannedBatch>> read_manifest(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return failure(ErrorCode::io, path + ": cannot be read");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto manifest = batch::Manifest::parse(text);
  if (!manifest) return failure(manifest.error().code, fmt::format("{}: {}", path, manifest.error().message));
  auto options = options_of(*manifest);
  if (!options || !is_of_batch(*options, *manifest)) {
    return failure(ErrorCode::invalid_argument, path + ": its arguments are not those of a batch");
  }
  auto planned = std::make_unique<PlannedBatch>(std::move(*options));
  planned->setup.manifest_digest = batch::digest_of(text);
  planned->setup.manifest = std::move(*manifest);
  set_up(*planned);
  return planned;
}

}  // namespace restitch::cli
