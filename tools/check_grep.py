#!/usr/bin/env python3
"""Whether `restitch grep` finds what a plain search finds in the files that `restitch extract` writes.

    check_grep.py TOOL CAPTURE_OR_FOLDER...

Each piece between two gaps is a text of its own. Prints how many matches there are, and each that one of the two does
not have; exit 1 if there is any. Texts and expressions, several at once, with one thread and with several.
"""
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

# Those whose matches other engines understand alike: of one size, or such that grow byte by byte or within their line.
PATTERNS = [r"HTTP/1\.[01]", r"\x00\x00\x00", r"[Pp]ass", r"\r\n\r\n", r"(?:GET|POST) [^ \r\n]+", r"User-Agent: [^\r\n]+",
            r"[0-9]{3,}", r"e", r"the", r"\xff[\x00-\xff]\xff", r"^[A-Z]+ .*$", r"a.*z", r"[^\x00-\x7f]+", r"\n\n", r"ab"]
SUFFIXES = (".pcap", ".pcapng", ".cap", ".trace", ".gz", ".zst", ".lz4", ".xz")


def captures_of(places):
    for place in map(Path, places):
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (file for file in files if file.is_file() and (not place.is_dir() or file.name.endswith(SUFFIXES)))


def pieces_of(text, gaps):
    """(offset in the stream, bytes) between gaps."""
    offset = at = 0
    for start, size in gaps:
        length = start - offset
        yield offset, text[at:at + length]
        at, offset = at + length, start + size
    yield offset, text[at:]


def expected_in(folder):
    found = Counter()
    index = folder / "index.jsonl"
    if not index.exists():
        return found
    for line in index.read_text().splitlines():
        row = json.loads(line)
        if not row.get("file") or "gaps" not in row:  # more runs of a file
            continue
        text = (folder / row["file"]).read_bytes()
        for offset, piece in pieces_of(text, row["gaps"]):
            for pattern in PATTERNS:
                for match in re.finditer(pattern.encode(), piece, re.MULTILINE):
                    key = (row["connection"], row["src"], pattern, offset + match.start(), match.end() - match.start())
                    found[key] += 1
    return found


def found_by(tool, capture, threads):
    command = [tool, "grep", "--json", "--threads", str(threads)]
    for pattern in PATTERNS:
        command += ["-e", pattern]
    done = subprocess.run([*command, capture], capture_output=True, check=False)
    if done.returncode > 2:
        sys.exit(f"{capture}: status {done.returncode}: {done.stderr.decode()}")
    found = Counter()
    for line in done.stdout.splitlines():
        row = json.loads(line)
        found[row["connection"], row["src"], row["pattern"], row["offset"], row["size"]] += 1
    return found, done.stdout


def main():
    tool, places = sys.argv[1], sys.argv[2:]
    total, missed, invented, files = 0, 0, 0, 0
    for capture in captures_of(places):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "files"
            subprocess.run([tool, "extract", "-q", "-o", folder, capture], capture_output=True, check=False)
            expected = expected_in(folder)
        found, text = found_by(tool, capture, 1)
        if found_by(tool, capture, 4)[1] != text:
            print(f"{capture}: with four threads the output is another one")
            invented += 1
        files += 1
        total += expected.total()
        for kind, difference in (("missed", expected - found), ("invented", found - expected)):
            for key in list(difference)[:5]:
                print(f"{capture}: {kind} {key}")
        missed += (expected - found).total()
        invented += (found - expected).total()
    print(f"{files} captures, {total} matches in their files, {missed} missed, {invented} invented")
    return 1 if missed or invented or not files else 0


if __name__ == "__main__":
    sys.exit(main())
