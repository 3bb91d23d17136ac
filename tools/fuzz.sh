#!/bin/bash
# fuzz.sh SECONDS [TARGET…]: runs each fuzz target of the `fuzz` preset for SECONDS, one a core.
# FUZZ_SEED makes a run repeatable, as in CI; 0, or none, is a random one. Corpora are copied, so the tree stays
# clean; what a target finds is kept in build/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: fuzz.sh SECONDS [TARGET…]}
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  for source in fuzz/*_fuzz.cc; do
    [[ -e $source ]] && targets+=("$(basename "$source" .cc)")
  done
fi
[[ ${#targets[@]} -gt 0 ]] || { echo "no fuzz targets"; exit 0; }

found=$PWD/build/fuzz/found
mkdir -p "$found"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fuzz_one() {
  local target=$1 seconds=$2 work=$3 found=$4 options=()
  mkdir -p "$work/$target"
  [[ -d fuzz/corpus/${target%_fuzz} ]] && cp -r "fuzz/corpus/${target%_fuzz}/." "$work/$target"
  [[ -f fuzz/$target.dict ]] && options+=("-dict=fuzz/$target.dict")
  if ! "build/fuzz/fuzz/$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-0}" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$found/$target-" "${options[@]}" "$work/$target" >"$work/$target.log" 2>&1; then
    tail -n 60 "$work/$target.log"
    echo "$target: FAILED"
    return 1
  fi
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target.log") executions, none failed"
}
export -f fuzz_one
# xargs exits 123 if any of them failed, after all have run.
printf '%s\n' "${targets[@]}" |
  xargs -P "$(nproc)" -I{} bash -c 'fuzz_one "$@"' fuzz_one {} "$seconds" "$work" "$found"
