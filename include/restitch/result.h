// Result<T>: the outcome of an operation that can fail before any packet is looked at (opening a
// file, compiling a filter, choosing a policy). Hostile bytes are never an Error: they are a
// DropReason, counted. Values; free to copy and to move between threads.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "restitch/export.h"

namespace RESTITCH_API restitch {

// What kind of failure an Error reports; the command maps these to its exit codes.
enum class ErrorCode {
  invalid_argument,  // the caller asked for something that does not exist
  io,                // the system refused: no such file, no permission, disk full
  unknown_format,    // the input is none of the formats we read
  damaged,           // the input breaks off or contradicts itself
  unsupported,       // known, but not readable here
};

// A failure, with one line for a person.
struct Error {
  ErrorCode code = ErrorCode::io;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

// Shorthand for returning a failure from a function that returns Result<T>.
inline tl::unexpected<Error> failure(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace restitch
