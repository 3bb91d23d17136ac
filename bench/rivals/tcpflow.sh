#!/bin/sh
# tcpflow on a capture: writes a file for each direction, which the others do not, so its CPU time is
# told beside that.
#
#   tcpflow.sh [--verify] CAPTURE
verify=
[ "$1" = --verify ] && verify=1 && shift
command -v tcpflow >/dev/null || { echo "tcpflow is not installed" >&2; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tcpflow -q -S enable_report=NO -o "$folder" -r "$1" >/dev/null || exit 2
[ -n "$verify" ] || exit 0
python3 - "$folder" <<'END'
import ipaddress, pathlib, re, sys, zlib
def end(address, port):
    text = ipaddress.ip_address(".".join(str(int(p)) for p in address.split(".")) if "." in address else address)
    return f"{text.packed.hex()}:{int(port)}"
for path in pathlib.Path(sys.argv[1]).iterdir():
    match = re.match(r"(.+)\.(\d{5})-(.+)\.(\d{5})(?:$|c)", path.name)
    if match:
        data = path.read_bytes()
        print(end(match[1], match[2]), end(match[3], match[4]), len(data), f"{zlib.crc32(data):08x}")
END
