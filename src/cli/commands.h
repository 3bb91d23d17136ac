// The commands. Each reads its inputs, prints its data, and returns an exit status.
#pragma once

#include "cli/options.h"

namespace restitch::cli {

// What a command line asks for.
int run_command(int argc, const char* const* argv);

int run_streams(const Options& options);
// `streams --console` and `follow --all`: what is said, as it comes.
int run_console(const Options& options);
int run_follow_all(const Options& options);
int run_extract(const Options& options);
int run_log(const Options& options);
int run_follow(const Options& options);
// `follow --decrypted` and `follow -T http`.
int run_follow_inside(const Options& options);
int run_grep(const Options& options);
int run_har(const Options& options);
int run_diff(const Options& options);
int run_batch(const Options& options);
int run_list_interfaces();
// What Wireshark asks of a program that captures for it (extcap), behind `restitch extcap`.
int run_extcap(int argc, const char* const* argv);
// What several machines do together.
int run_sense(const Options& options);
int run_work(const Options& options);
int run_cluster(const Options& options);

}  // namespace restitch::cli
