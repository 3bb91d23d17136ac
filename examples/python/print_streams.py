#!/usr/bin/env python3
"""What the two sides of each TCP connection in a capture said to each other: print_streams.py CAPTURE [WHERE]"""
import sys

import restitch

for c in restitch.connections(sys.argv[1], where=sys.argv[2] if len(sys.argv) > 2 else None):
    for side in (c.client, c.server):
        print(f"{side.endpoint} says, in {side.bytes} bytes:\n{side.data!r:.200}")
        for gap in side.gaps:
            print(f"[{gap.size} bytes are missing at {gap.offset}]")
    print(f"{c.uid} ended: {c.end}")
