// What ObjectFiles is made of.
#pragma once

#include <string>
#include <string_view>

#include "output/file_store.h"
#include "restitch/app/object_files.h"

namespace restitch {

struct ObjectFiles::State {
  State(OutputFolder folder, const ObjectFilesOptions& given)
      : options(given), store(std::move(folder), given.limits) {}

  ObjectFilesOptions options;
  FileStore store;
  FileStore::Id index = 0;
  ObjectCounts counts;
  std::uint64_t bytes = 0;  // handed to the store, of objects
};

// What a sender calls a file, made fit for being one: nothing in it leads anywhere.
std::string safe_object_name(std::string_view name);

}  // namespace restitch
