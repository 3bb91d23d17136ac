#!/bin/bash
# valgrind.sh UNIT_TESTS TOOL [CAPTURE]: memcheck over the reassembly tests of UNIT_TESTS and over the command TOOL.
# Fails on any error and on any block that is definitely lost.
set -euo pipefail
cd "$(dirname "$0")/.."

unit_tests=${1:?usage: valgrind.sh UNIT_TESTS TOOL [CAPTURE]}
tool=${2:?usage: valgrind.sh UNIT_TESTS TOOL [CAPTURE]}
capture=${3:-tests/data/sample.pcapng}
check=(valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
  --suppressions=tools/valgrind.supp)

# Without those that die on purpose, in a process of their own.
"${check[@]}" "$unit_tests" --gtest_brief=1 \
  --gtest_filter='*Assembler*:*HalfConnection*:*Held*:*Linux*:*Receiver*:*Scatter*:*Segment*:*StreamPool*:-*DeathTest*'
for command in "streams --json" "follow 1" "extract -o build/valgrind"; do
  echo "restitch $command $capture"
  # shellcheck disable=SC2086
  "${check[@]}" "$tool" $command "$capture" >/dev/null 2>build/valgrind.log || { cat build/valgrind.log; exit 1; }
done
rm -rf build/valgrind
echo "no errors"
