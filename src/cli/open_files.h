// How many files the process may have open.
#pragma once

namespace restitch::cli {

// As many as there is use for.
void allow_many_open_files();

}  // namespace restitch::cli
