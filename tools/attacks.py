#!/usr/bin/env python3
"""Runs every attack of bench_attacks beside clean traffic of the same packet sizes, and prints a table.

    attacks.py [--build DIR] [--memory MB] [--scale 0.1] [--rounds 3]

CPU time is that of reading a capture, decoding and reassembling; attack and clean traffic run in turns, and
the ratio is the median of those of each turn, because machines are faster in one minute than in the next.
Memory is the peak of resident memory of the whole process. Fails when an attack costs more than five times
the clean traffic, goes beyond the memory, or keeps an honest connection from completing.
"""
import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ATTACKS = [  # name, packets, what it is
    ("reverse", 2_000_000, "reverse flood: one connection, 100 bytes each, from the end"),
    ("one-byte", 2_000_000, "one-byte flood: one connection, every second byte, from the end"),
    ("gap", 1_000_000, "gap flood: 10,000 connections, each segment behind a gap of its own"),
    ("syn", 10_000_000, "SYN flood: 10 million senders"),
    ("ack", 10_000_000, "ACK flood: 10 million senders without a connection"),
    ("fragment", 1_000_000, "fragment flood: first fragments without an end"),
    ("kept", 1_000_000, "kept-data hog: a stream that keeps all it gets"),
    ("port-reuse", 2_000_000, "port-reuse storm: 1,000 port pairs, each SYN another start"),
    ("event", 500_000, "event storm: each segment contradicts those held"),
]


def run(program, kind, name, packets, memory):
    words = [program, kind, name, packets, memory]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True)
    cpu, peak, complete, honest, limits, sums = done.stdout.split()
    return float(cpu), int(peak), int(complete), int(honest), int(limits), sums == "right"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--memory", type=int, default=256, help="budget in MiB")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--attacks", default="", help="only these, with commas between")
    args = parser.parse_args()
    program = args.build.resolve() / "bench/bench_attacks"
    print(f"Medians of {args.rounds}, budget {args.memory} MiB, load {os.getloadavg()[0]:.1f} at the start.\n")
    print("| attack | packets | ns/packet | clean | ratio | peak MB | clean | limits acted | honest complete |\n"
          "|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    bad = []
    for name, packets, what in ATTACKS:
        if args.attacks and name not in args.attacks.split(","):
            continue
        packets = int(packets * args.scale)
        turns = [[run(program, kind, name, packets, args.memory) for kind in ("attack", "clean")]
                 for _ in range(args.rounds)]
        attacks, cleans = zip(*turns)
        cpu, clean = (statistics.median(result[0] for result in results) for results in (attacks, cleans))
        ratio = statistics.median(attack[0] / clean[0] for attack, clean in turns)
        peak, clean_peak = (max(result[1] for result in results) for results in (attacks, cleans))
        _, _, complete, honest, limits, right = attacks[0]
        print(f"| {what} | {packets:,} | {cpu:.0f} | {clean:.0f} | {ratio:.2f} | {peak / 1e6:.0f} "
              f"| {clean_peak / 1e6:.0f} | {limits:,} | {complete:,} of {honest:,} |", flush=True)
        if ratio > 5 or peak > args.memory << 20 or complete != honest or not right:
            bad.append(name)
    if bad:
        sys.exit(f"beyond what was promised: {', '.join(bad)}")


if __name__ == "__main__":
    main()
