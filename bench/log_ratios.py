#!/usr/bin/env python3
"""What logs cost: `log --format zeek` beside `streams --json` without its digests, and Parquet beside CSV.

    log_ratios.py [--build DIR] [--bench DIR] [--scale 0.1] [--rounds 5] [--workload B] [--folder /dev/shm]

DIR (build/bench) has the command, and below bench/ bench_generate, bench_digest and bench_limits; --bench names another
build for these. What digests cost is taken to be what bench_digest takes more than `bench_limits headers`, a loop that
only decodes: rather too much, as it finds the flows too. All take turns, each writes into a new folder, and CPU time is
user and system of the whole process, the least of all rounds, since what disturbs a run only ever adds to it. All files
lie in --folder, which should be in memory.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def seconds_of(command):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def least_of(commands, logs, rounds):
    least = {}
    for _ in range(rounds):
        for name, command in commands.items():
            shutil.rmtree(logs, ignore_errors=True)
            spent = seconds_of(command)
            least[name] = min(spent, least.get(name, spent))
    return least


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workload", default="B")
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))
    args = parser.parse_args()
    bench = (args.bench or args.build) / "bench"
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        capture, logs = f"{folder}/capture.pcap", f"{folder}/logs"
        subprocess.run([bench / "bench_generate", args.workload, str(args.scale), capture, f"{folder}/truth"],
                       check=True, stdout=subprocess.DEVNULL)
        tool = [args.build / "restitch"]
        log = [*tool, "log", "-q", "--threads", "1", "-o", logs, capture, "--format"]
        spent = least_of({
            "streams --json": [*tool, "streams", "-q", "--threads", "1", "--json", capture],
            "bench_digest": [bench / "bench_digest", capture],
            "bench_limits headers": [bench / "bench_limits", "headers", capture],
            "log --format zeek": [*log, "zeek"],
            "log --format zeek --logs conn": [*log, "zeek", "--logs", "conn"],
            "log --format csv": [*log, "csv"],
            "log --format parquet": [*log, "parquet"],
            "log --format csv --logs conn": [*log, "csv", "--logs", "conn"],
            "log --format parquet --logs conn": [*log, "parquet", "--logs", "conn"],
        }, logs, args.rounds)
    bare = spent["streams --json"] - (spent["bench_digest"] - spent["bench_limits headers"])
    beside = {"log --format zeek": ("streams --json without digests", bare),
              "log --format zeek --logs conn": ("streams --json without digests", bare),
              "log --format parquet": ("log --format csv", spent["log --format csv"]),
              "log --format parquet --logs conn": ("log --format csv --logs conn",
                                                   spent["log --format csv --logs conn"])}
    print(f"| {args.workload}, scale {args.scale:g} | CPU s | ratio | beside |\n|---|--:|--:|---|")
    for name, value in spent.items():
        other, least = beside.get(name, ("", None))
        print(f"| {name} | {value:.3f} | {'' if least is None else f'{value / least:.2f}'} | {other} |")


if __name__ == "__main__":
    main()
