#!/usr/bin/env python3
"""Measures what a packet and a connection cost while a million, and ten million, are open at once.

    bench_many.py [--build DIR] [--scale 1] [--rounds 1] [--programs static]

Workloads D and D10. The capture of D10 would take 11 GB, so neither is stored: the generator writes into a
named pipe that the measured program reads, on another processor where there is one. Only the CPU time of that
program is counted. What it delivered is compared with the generator's truth by the number of bytes (which
bytes, `bench.py --workloads D` tells).
"""
import argparse
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench import ROOT, Run


def run_through_pipe(build, workload, scale, mode, folder):
    """The run, packets, and whether as many bytes were delivered as were sent."""
    pipe, truth = folder / "pipe", folder / "truth"
    os.mkfifo(pipe)
    with subprocess.Popen([build / "bench_generate", workload, str(scale), pipe, truth],
                          stdout=subprocess.PIPE, text=True) as generator:
        done = Run([build / "bench_limits", mode, pipe], subprocess.PIPE)
        packets = int(generator.communicate()[0])
    pipe.unlink()
    with truth.open() as lines:
        sent = sum(int(line.split()[2]) for line in lines)
    truth.unlink()
    words = done.output.decode().split()
    return done, packets, done.status == 0 and int(words[1]) == packets and int(words[3]) == sent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--programs", default="static", help="modes of bench_limits, with commas between")
    args = parser.parse_args()
    build = args.build.resolve() / "bench"
    Run.launcher = build / "bench_launch"
    print(f"Scale {args.scale:g}, medians of {args.rounds}, load {os.getloadavg()[0]:.1f} at the start.\n")
    print("| program | workload | packets | CPU s | ns/packet | × D | peak MB | delivered |")
    print("|---|---|--:|--:|--:|--:|--:|---|", flush=True)
    right = True
    with tempfile.TemporaryDirectory() as folder:
        for mode in args.programs.split(","):
            base = None
            for workload in ("D", "D10"):
                runs = [run_through_pipe(build, workload, args.scale, mode, Path(folder)) for _ in range(args.rounds)]
                packets = runs[0][1]
                seconds = statistics.median(done.seconds for done, _, _ in runs)
                base = base or seconds / packets
                memory = max(done.memory for done, _, _ in runs) / 1e6
                exact = all(ok for _, _, ok in runs)
                right &= exact
                print(f"| {mode} | {workload} | {packets:,} | {seconds:.2f} | {seconds / packets * 1e9:.0f} "
                      f"| {seconds / packets / base:.2f} | {memory:,.0f} | {'all bytes' if exact else 'WRONG'} |",
                      flush=True)
    if not right:
        raise SystemExit("not all was delivered")


if __name__ == "__main__":
    main()
