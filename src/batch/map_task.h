// map_file(): one task of a batch. It reads one file by itself and writes two files: the lines of its
// connections, and the carry for those that may go on in another file. The same task writes the same bytes
// again. One thread.
#pragma once

#include <cstddef>
#include <string>

#include "batch/carry.h"
#include "batch/setup.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace batch {

// Of a task, from 1: "DIR/map-7.jsonl", "DIR/carry-7".
std::string map_path(const std::string& folder, std::uint64_t task);
std::string carry_path(const std::string& folder, std::uint64_t task);

// `file` counts from 0. Errors: as of BatchInput, and io; nothing is there then that was not there before.
Result<FileFacts> map_file(const BatchSetup& setup, std::size_t file, const std::string& folder);

}  // namespace batch
}  // namespace restitch
