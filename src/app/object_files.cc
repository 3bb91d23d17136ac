#include "restitch/app/object_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/ascii.h"
#include "app/mime_type.h"
#include "app/object_collector.h"
#include "app/object_files_state.h"
#include "output/text.h"

namespace restitch {

std::string safe_object_name(std::string_view name) {
  constexpr std::size_t size_max = 80;
  // Of a path, the end is what tells most.
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  if (name.size() > size_max) name.remove_prefix(name.size() - size_max);
  std::string safe;
  for (const char c : name) {
    const bool plain = ascii::is_letter(c) || ascii::is_digit(c) || c == '.' || c == '-' || c == '_';
    safe += plain ? c : '_';
  }
  return safe;
}

Result<std::unique_ptr<ObjectFiles>> ObjectFiles::open(OutputFolder folder,
                                                       const ObjectFilesOptions& options) {
  const std::string path = folder.path();
  auto state = std::make_unique<State>(std::move(folder), options);
  const auto index = state->store.create(std::string(index_name));
  if (!index) {
    if (state->store.error()) return tl::unexpected(*state->store.error());
    return tl::unexpected(Error{
        ErrorCode::io, fmt::format("{}/{} is there already; nothing is overwritten: give another folder",
                                   path, index_name)});
  }
  state->index = *index;
  return std::unique_ptr<ObjectFiles>(new ObjectFiles(std::move(state)));
}

ObjectFiles::ObjectFiles(std::unique_ptr<State> state) : state_(std::move(state)) {}
ObjectFiles::~ObjectFiles() = default;

void ObjectFiles::flush() { state_->store.flush_all(); }

void ObjectFiles::finish() { state_->store.flush_all(); }

const std::optional<Error>& ObjectFiles::error() const { return state_->store.error(); }

ObjectCounts ObjectFiles::counts() const {
  ObjectCounts counts = state_->counts;
  counts.bytes = state_->store.written() - state_->store.written(state_->index);
  return counts;
}

std::unique_ptr<FindingsSink> ObjectSinks::make(ConnectionLog& /*log*/, const ConnectionSummary& summary) {
  if (wanted_ && !wanted_(summary)) return nullptr;
  return std::make_unique<ObjectCollector>(files_);
}

}  // namespace restitch
