#!/usr/bin/env python3
"""Measures the restitch command, whole process, beside programs that do the least of the same.

    bench_commands.py [--build DIR] [--scale 0.1] [--rounds 5] [--folder /dev/shm]

streams on A beside `track`; streams --json on B beside tshark's table of conversations, and beside bench_digest,
a loop that reads the capture and makes the same digests; extract on A and B beside bench_write_files, one that
writes the same files in pieces of 64 KiB. All files lie in --folder, which should be in memory. That both
extractions wrote the same is compared first; then all run in turns, and the table has medians of CPU time
(user and system).
"""
import argparse
import filecmp
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench import ROOT, Run, describe


class Row:
    """A command of restitch and what it is measured beside; each may write into a folder of its own."""

    def __init__(self, workload, name, command, limit_name, limit, writes=False):
        self.workload, self.name, self.command = workload, name, command
        self.limit_name, self.limit, self.writes = limit_name, limit, writes


def rows(build):
    tool, limits = build / "restitch", build / "bench/bench_limits"
    write_files = [build / "bench/bench_write_files", "CAPTURE", "FOLDER"]
    extract = [tool, "extract", "-q", "-o", "FOLDER", "CAPTURE"]
    streams = [tool, "streams", "-q", "--threads", "1"]
    table = [Row("A", "streams", [*streams, "CAPTURE"], "track", [limits, "track", "CAPTURE"]),
             Row("A", "extract", extract, "write files", write_files, True),
             Row("B", "extract", extract, "write files", write_files, True)]
    json = [*streams, "--json", "CAPTURE"]
    table.append(Row("B", "streams --json", json, "digests", [build / "bench/bench_digest", "CAPTURE"]))
    if shutil.which("tshark"):
        table.append(Row("B", "streams --json", json, "tshark",
                         ["tshark", "-q", "-z", "conv,tcp", "-r", "CAPTURE"]))
    return table


def run(command, capture, folder):
    """Runs it with an empty folder to write to; the folder is left with what it wrote."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return Run([{"CAPTURE": capture, "FOLDER": folder}.get(word, word) for word in command])


def same_files(one, other):
    names = {path.name for path in one.iterdir()} - {"index.jsonl"}
    if names != {path.name for path in other.iterdir()} - {"index.jsonl"}:
        return False
    return filecmp.cmpfiles(one, other, names, shallow=False)[1:] == ([], [])


def measure(row, capture, folder, rounds):
    ours, theirs = folder / "restitch", folder / "limit"
    first = [run(row.command, capture, ours), run(row.limit, capture, theirs)]
    checked = "" if not row.writes else "same files" if same_files(ours, theirs) else "OTHER FILES"
    pairs = [(run(row.command, capture, ours), run(row.limit, capture, theirs)) for _ in range(rounds)]
    failed = any(one.status for pair in [first, *pairs] for one in pair)
    seconds = [statistics.median(one.seconds for one in side) for side in zip(*pairs)]
    memory = max(one.memory for one in next(zip(*pairs))) / 1e6
    print(f"| {row.workload} {row.name} | {describe(seconds[0])} | {row.limit_name} | {describe(seconds[1])} "
          f"| {seconds[0] / seconds[1]:.3g} | {memory:.0f} | {'FAILED' if failed else checked} |", flush=True)
    return not failed and checked != "OTHER FILES"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))
    args = parser.parse_args()
    build = args.build.resolve()
    Run.launcher = build / "bench/bench_launch"
    print("| command | CPU s | beside | CPU s | ratio | peak MB | written |\n|---|--:|---|--:|--:|--:|---|")
    right = True
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        for workload in ("A", "B"):
            capture = folder / f"{workload}.pcap"
            subprocess.run([build / "bench/bench_generate", workload, str(args.scale), capture, folder / "truth"],
                           stdout=subprocess.DEVNULL, check=True)
            for row in rows(build):
                if row.workload == workload:
                    right &= measure(row, capture, folder, args.rounds)
            capture.unlink()
    if not right:
        raise SystemExit("something failed, or wrote other files")


if __name__ == "__main__":
    main()
