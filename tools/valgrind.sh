#!/bin/bash
# valgrind.sh TESTS TOOL [CAPTURE]: memcheck over the program TESTS (core_tests), one part of it a core, and over the
# command TOOL. Fails on any error and on any block that is definitely lost.
set -euo pipefail
cd "$(dirname "$0")/.."

tests=${1:?usage: valgrind.sh TESTS TOOL [CAPTURE]}
tool=${2:?usage: valgrind.sh TESTS TOOL [CAPTURE]}
capture=${3:-tests/data/sample.pcapng}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check=(valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
  --suppressions=tools/valgrind.supp)

# Without those that die on purpose, in a process of their own, and those that repeat the same thousands of times:
# under memcheck they would take most of the time. A build that counts coverage counts elsewhere meanwhile.
export GTEST_TOTAL_SHARDS GCOV_PREFIX=$work/counts
GTEST_TOTAL_SHARDS=$(nproc)
left_out='*DeathTest*:*AStreamMayBeLong*:*AgreesWithAMap*:*IsThatOfAMap*:TotalBytes.*:*MakeTheSameCalls*:*ASpike*'
left_out+=':Watching.*:LinuxQueue.IsAListOfBlocks*:Provenance.*:Forest.*'
parts=()
for ((i = 0; i < GTEST_TOTAL_SHARDS; i++)); do
  GTEST_SHARD_INDEX=$i "${check[@]}" "$tests" --gtest_brief=1 --gtest_filter="-$left_out" >"$work/$i.log" 2>&1 &
  parts+=($!)
done
failed=0
for i in "${!parts[@]}"; do
  wait "${parts[i]}" || failed=1
  cat "$work/$i.log"
done
unset GTEST_TOTAL_SHARDS
[[ $failed -eq 0 ]] || exit 1

for command in "streams --json" "follow 1" "extract -o $work/streams"; do
  echo "restitch $command $capture"
  # shellcheck disable=SC2086
  "${check[@]}" "$tool" $command "$capture" >/dev/null 2>"$work/log" || { cat "$work/log"; exit 1; }
done
echo "no errors"
