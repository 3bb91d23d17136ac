#!/bin/sh
# tshark's table of TCP conversations: counts bytes of packets, delivers none.
#
#   tshark.sh [--verify] CAPTURE
command -v tshark >/dev/null || { echo "tshark is not installed" >&2; exit 77; }
[ "$1" = --verify ] && { echo "delivers no bytes" >&2; exit 78; }
tshark -q -z conv,tcp -r "$1" 2>/dev/null >/dev/null
