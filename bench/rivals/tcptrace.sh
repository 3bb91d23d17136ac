#!/bin/sh
# tcptrace, extracting the contents of connections: a file for each direction.
#
#   tcptrace.sh [--verify] CAPTURE
verify=
[ "$1" = --verify ] && verify=1 && shift
command -v tcptrace >/dev/null || { echo "tcptrace is not installed" >&2; exit 77; }
capture=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
tcptrace -n -e "$capture" >table 2>/dev/null || exit 2
[ -n "$verify" ] || exit 0
python3 - <<'END'
import ipaddress, pathlib, re, zlib
def end(text):
    address, port = text.rsplit(":", 1)
    return f"{ipaddress.ip_address(address).packed.hex()}:{port}"
row = re.compile(r"\s*\d+: (\S+) - (\S+) \((\w+)2(\w+)\)")
for line in pathlib.Path("table").read_text().splitlines():
    if not (match := row.match(line)):
        continue
    ends, names = match.group(1, 2), match.group(3, 4)
    for side in (0, 1):
        path = pathlib.Path(f"{names[side]}2{names[1 - side]}_contents.dat")
        data = path.read_bytes() if path.exists() else b""
        if data:
            print(end(ends[side]), end(ends[1 - side]), len(data), f"{zlib.crc32(data):08x}")
END
