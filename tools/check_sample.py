#!/usr/bin/env python3
"""Checks a recorded sample against its digests.

  check_sample.py [--tool RESTITCH] CAPTURE DIGESTS

Without --tool the reassembler is tshark, which also counts what is in the packets; with it, the streams are
those of RESTITCH's `streams --json` and `extract`, which have to agree with each other.
Prints one line for each stream direction that differs, and a verdict.
Exit status: 0 all as the endpoints said, 1 not, 2 usage.
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

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


def streams_of_tshark(capture):
    numbers = set(tshark(capture, "-T", "fields", "-e", "tcp.stream").split())
    found = {}
    for number in sorted(numbers, key=int):
        found.update(both_directions(capture, number))
    return found


def run_tool(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {result.returncode}")
    return result.stdout


def streams_of_tool(tool, capture):
    """The rows of `streams --json`; their bytes are those of the extracted file with the same SHA-256."""
    rows = [json.loads(line) for line in run_tool(tool, "streams", "--json", capture).splitlines()]
    with tempfile.TemporaryDirectory() as directory:
        run_tool(tool, "extract", "-o", directory, capture)
        extracted = [path.read_bytes() for path in pathlib.Path(directory).rglob("*") if path.is_file()]
    by_digest = {sha256(data): data for data in extracted}
    for row in rows:
        if row["gaps"]:
            print(row["src"], row["dst"], "gaps", row["gaps"])
    # Without an extracted file the direction is empty here, and differs.
    return {(row["src"], row["dst"]): by_digest.get(row["sha256"], b"") for row in rows if row["bytes"]}


def differences(expected, data):
    if len(data) != expected["bytes"]:
        yield f"{len(data)} bytes, not {expected['bytes']}"
    if sha256(data) != expected.get("sha256", sha256(data)):
        yield "SHA-256 of the whole direction"
    for file in expected["files"]:
        if sha256(data[file["offset"]:file["offset"] + file["size"]]) != file["sha256"]:
            yield f"SHA-256 of {file['name']}"


def count_differences(expected, found):
    wrong = 0
    for stream in expected:
        name = (stream["src"], stream["dst"])
        for what in differences(stream, found.get(name, b"")):
            wrong += 1
            print(*name, what)
    for name in found.keys() - {(stream["src"], stream["dst"]) for stream in expected}:
        wrong += 1
        print(*name, "is not in the digests")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", metavar="RESTITCH")
    parser.add_argument("capture", metavar="CAPTURE")
    parser.add_argument("digests", metavar="DIGESTS", type=pathlib.Path)
    options = parser.parse_args()
    expected = json.loads(options.digests.read_text(encoding="utf-8"))["streams"]
    if options.tool:
        found = streams_of_tool(options.tool, options.capture)
    else:
        found = streams_of_tshark(options.capture)
        for phenomenon in PHENOMENA:
            print(f"{len(tshark(options.capture, '-Y', phenomenon).splitlines()):6} {phenomenon}")
    wrong = count_differences(expected, found)
    files = sum(len(stream["files"]) for stream in expected)
    print(f"{len(expected)} directions, {files} files, {wrong} differences")
    sys.exit(1 if wrong or not expected else 0)


if __name__ == "__main__":
    main()
