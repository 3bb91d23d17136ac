#!/bin/bash
# lint.sh [BUILD]: clang-tidy (.clang-tidy) and cppcheck (tools/cppcheck.txt) over src/, with the commands of
# BUILD/compile_commands.json (build/release), which need only be configured. Fails on any finding.
set -euo pipefail
cd "$(dirname "$0")/.."

commands=${1:-build/release}/compile_commands.json
[[ -f $commands ]] || { echo "no $commands: cmake --preset release" >&2; exit 1; }
mapfile -t sources < <(find src -name '*.cc' | sort)

echo "clang-tidy: ${#sources[@]} files"
printf '%s\0' "${sources[@]}" |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p "$(dirname "$commands")" 2> >(grep -v ' warnings\? generated' >&2)

echo "cppcheck"
cppcheck --quiet -j "$(nproc)" --std=c++20 --language=c++ --enable=warning,performance,portability \
  --inline-suppr --suppressions-list=tools/cppcheck.txt --error-exitcode=1 -I include -I src src
