#!/bin/bash
# valgrind.sh [CAPTURE]: memcheck over the reassembly tests of build/release and over the command. Fails on any
# error and on any block that is definitely lost.
set -euo pipefail
cd "$(dirname "$0")/.."

capture=${1:-tests/data/sample.pcapng}
check=(valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
  --suppressions=tools/valgrind.supp)

# Without those that die on purpose, in a process of their own.
"${check[@]}" build/release/tests/unit_tests --gtest_brief=1 \
  --gtest_filter='*Assembler*:*HalfConnection*:*Held*:*Linux*:*Receiver*:*Scatter*:*Segment*:*StreamPool*:-*DeathTest*'
for command in "streams --json" "follow 1" "extract -o build/valgrind"; do
  echo "restitch $command $capture"
  # shellcheck disable=SC2086
  "${check[@]}" build/release/restitch $command "$capture" >/dev/null 2>build/valgrind.log || { cat build/valgrind.log; exit 1; }
done
rm -rf build/valgrind
echo "no errors"
