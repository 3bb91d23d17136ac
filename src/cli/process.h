// The surroundings of the process, made such that diagnostics cannot end the work or spoil its files. Call
// first of all, from main().
#pragma once

#include <exception>
#include <string>

namespace restitch::cli {

// Whoever started us may have closed the standard streams; the next file opened would take such a place, and
// messages would be written into it. So /dev/null takes it, in a way that reading standard input or writing
// standard output still fails.
void occupy_standard_streams();

// A pipe whose reader is gone, and a file that may not grow, are errors of the write, not the end of the
// process.
void ignore_write_signals();

// What happened, in words: "out of memory".
std::string description_of(const std::exception& error);

}  // namespace restitch::cli
