#!/bin/bash
# setup.sh LIST…: installs the Debian packages of these lists that are missing; does nothing, and needs no
# network, when none is. A line `PACKAGE unless COMMAND` asks for the package only where there is no such command. Waits for another installation that is going on, and starts no service.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
while read -r package unless command; do
  [[ -z $package || $package == \#* ]] && continue
  [[ $unless == unless ]] && command -v "$command" >/dev/null && continue
  state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ $state == ii* || $state == hi* ]] || missing+=("$package")
done < <(cat "$@")
[[ ${#missing[@]} -eq 0 ]] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Missing, and no apt-get to install them (names as in Debian 12): ${missing[*]}" >&2
  exit 1
fi
as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo)
# RUNLEVEL: a server that a test needs is started by that test alone.
as_root+=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1)
wait=(-o DPkg::Lock::Timeout=600)
echo "Installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get "${wait[@]}" update -q </dev/null
"${as_root[@]}" apt-get "${wait[@]}" install -q -y --no-install-recommends "${missing[@]}" </dev/null
