#!/usr/bin/env python3
"""Checks a recorded sample against its digests with tshark, a reassembler that is not ours.

  check_sample.py CAPTURE DIGESTS

Prints one line for each stream direction that differs, what tshark makes of the packets, and a verdict.
Exit status: 0 all as the endpoints said, 1 not.
"""
import hashlib
import json
import subprocess
import sys

PHENOMENA = ["tcp.analysis.retransmission", "tcp.analysis.fast_retransmission",
             "tcp.analysis.spurious_retransmission", "tcp.analysis.out_of_order", "tcp.analysis.lost_segment",
             "tcp.analysis.duplicate_ack", "tcp.flags.reset == 1"]


def tshark(capture, *arguments):
    command = ["tshark", "-n", "-r", capture, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def both_directions(capture, number):
    """{(src, dst): bytes} of tshark's stream `number`."""
    lines = tshark(capture, "-q", "-z", f"follow,tcp,raw,{number}").splitlines()
    nodes = [line.split(": ", 1)[1] for line in lines if line.startswith("Node ")]
    hexes = [line for line in lines if line and not line.startswith(("=", "Follow", "Filter", "Node "))]
    ahead = "".join(line for line in hexes if not line.startswith("\t"))
    back = "".join(line.strip() for line in hexes if line.startswith("\t"))
    return {(nodes[0], nodes[1]): bytes.fromhex(ahead), (nodes[1], nodes[0]): bytes.fromhex(back)}


def streams_in(capture):
    numbers = set(tshark(capture, "-T", "fields", "-e", "tcp.stream").split())
    found = {}
    for number in sorted(numbers, key=int):
        found.update(both_directions(capture, number))
    return found


def differences(expected, data):
    if len(data) != expected["bytes"]:
        yield f"{len(data)} bytes, not {expected['bytes']}"
    if sha256(data) != expected.get("sha256", sha256(data)):
        yield "SHA-256 of the whole direction"
    for file in expected["files"]:
        if sha256(data[file["offset"]:file["offset"] + file["size"]]) != file["sha256"]:
            yield f"SHA-256 of {file['name']}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    capture, digests = sys.argv[1:]
    with open(digests, encoding="utf-8") as text:
        expected = json.load(text)["streams"]
    found = streams_in(capture)
    wrong = 0
    for stream in expected:
        name = (stream["src"], stream["dst"])
        for what in differences(stream, found.get(name, b"")):
            wrong += 1
            print(*name, what)
    if len(found) != len(expected):
        wrong += 1
        print(f"{len(found)} stream directions in the capture, {len(expected)} in the digests")
    for phenomenon in PHENOMENA:
        print(f"{len(tshark(capture, '-Y', phenomenon).splitlines()):6} {phenomenon}")
    files = sum(len(stream["files"]) for stream in expected)
    print(f"{len(expected)} directions, {files} files, {wrong} differences")
    sys.exit(1 if wrong or not expected else 0)


if __name__ == "__main__":
    main()
