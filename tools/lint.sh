#!/bin/bash
# lint.sh [BUILD]: clang-tidy (.clang-tidy) and cppcheck (tools/cppcheck.txt) over src/, with the commands of
# BUILD/compile_commands.json (build/release), which need only be configured. Fails on any finding of either.
# clang-tidy takes the units as they are compiled: a module that is one unit has its headers read once.
set -euo pipefail
cd "$(dirname "$0")/.."

commands=${1:-build/release}/compile_commands.json
[[ -f $commands ]] || { echo "no $commands: cmake --preset release" >&2; exit 1; }
mapfile -t units < <(sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$commands" | grep -E "^$PWD/src/|/Unity/unity_" | sort -u)
failed=0

echo "clang-tidy: ${#units[@]} units"
printf '%s\0' "${units[@]}" |
  xargs -0 -P "$(nproc)" -n 1 clang-tidy --quiet -p "$(dirname "$commands")" \
    2> >(grep -v -e ' warnings\? generated' -e ' warnings\? treated as error' >&2) || failed=1

echo "cppcheck"
cppcheck --quiet -j "$(nproc)" --std=c++20 --language=c++ --enable=warning,performance,portability \
  --inline-suppr --suppressions-list=tools/cppcheck.txt --error-exitcode=1 -I include -I src src || failed=1
exit "$failed"
