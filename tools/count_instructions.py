#!/usr/bin/env python3
"""Counts the instructions that restitch with a static stream takes for a packet (callgrind).

    count_instructions.py [--build DIR]            print them beside the baseline, bench/instructions.json
    count_instructions.py [--build DIR] --check    fail when one grew by more than 10 %
    count_instructions.py [--build DIR] --update   write a new baseline
    count_instructions.py --self-test              show that growth is found

Unlike times they repeat exactly, on a busy machine too. What the program needs for an empty capture is
taken off, so the number is that of reading, decoding and reassembling. Another compiler gives other
numbers: the baseline says which it was. Exit 77 without valgrind.
"""
import argparse
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "bench/instructions.json"
SCALES = {"A": 0.02, "B": 0.005, "C": 0.02, "D": 0.005}
GROWTH_MAX = 0.10
SKIPPED = 77


def instructions(build, capture, folder):
    run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out",
                          build / "bench_limits", "static", capture], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", run.stderr)[1])


def count_all(build):
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.pcap"
        empty.write_bytes(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        base = instructions(build, empty, folder)
        for name, scale in SCALES.items():
            capture = Path(folder) / f"{name}.pcap"
            made = subprocess.run([build / "bench_generate", name, str(scale), capture, f"{folder}/truth"],
                                  capture_output=True, text=True, check=True)
            counts[name] = round((instructions(build, capture, folder) - base) / int(made.stdout), 1)
    return counts


def compiler_of(build):
    cache = (build.parent / "CMakeCache.txt").read_text()
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache, re.M)[1]
    return subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def grown(counts, baseline):
    return [name for name, count in counts.items() if count > baseline[name] * (1 + GROWTH_MAX)]


def self_test():
    baseline = {"A": 100.0, "B": 200.0}
    assert grown({"A": 109.9, "B": 200.0}, baseline) == []
    assert grown({"A": 110.1, "B": 150.0}, baseline) == ["A"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        return self_test()
    if not shutil.which("valgrind"):
        print("skipped: no valgrind")
        sys.exit(SKIPPED)
    build = args.build.resolve() / "bench"
    compiler, counts = compiler_of(build), count_all(build)
    if args.update:
        BASELINE.write_text(json.dumps({"compiler": compiler, "instructions_per_packet": counts}, indent=2) + "\n")
    known = json.loads(BASELINE.read_text())
    baseline = known["instructions_per_packet"]
    if known["compiler"] != compiler:
        print(f"note: the baseline was made by {known['compiler']}, this is {compiler}")
    print("| workload | instructions/packet | baseline | change |\n|---|--:|--:|--:|")
    for name, count in counts.items():
        print(f"| {name} | {count:.1f} | {baseline[name]:.1f} | {count / baseline[name] - 1:+.1%} |")
    if args.check and grown(counts, baseline):
        sys.exit(f"grown by more than {GROWTH_MAX:.0%}: {', '.join(grown(counts, baseline))}")


if __name__ == "__main__":
    main()
