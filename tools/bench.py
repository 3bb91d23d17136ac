#!/usr/bin/env python3
"""Measures restitch beside the limit programs and the rivals, and prints tables.

    bench.py [--build DIR] [--scale 0.1] [--rounds 5] [--workloads A,B,…] [--programs REGEX] [--skip-growth]
    bench.py --growth [--growth-max 1024000]
    bench.py --threads [--scale 0.1] [--rounds 5] [--workloads B,D]

Walks: each workload is generated into a temporary folder; every program's delivered bytes are compared
with the generator's truth; then all are timed in turns (A B C, A B C, …). CPU time is user and system
time of the whole process as the kernel accounts it, and the table has its median, its ratio to
`track` (for `+ sum`: to `track + sum`), and the peak of resident memory. A program that takes longer than
--slow seconds of CPU is run once, one that takes three times that is stopped. What is not installed is named below the table.

Growth: N segments are held behind one missing byte and then delivered; CPU seconds by N, the exponent of
a log-log fit, and memory for each held segment.

Threads: bench/engine walks each workload with feed(), and with one and two threads of the engine and of its
rival, in turns; wall and CPU seconds, medians, and the wall time of one thread of the engine over each.
"""
import argparse
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = ["read", "headers", "track", "track-lean", "static", "virtual"]
RESTITCH = ["static", "virtual"]
ORDERS = ["reverse", "random", "even-odd", "forward"]


class Program:
    """Something that walks a capture. `verify` is None where nothing is delivered."""

    def __init__(self, name, command, verify):
        self.name, self.command, self.verify = name, command, verify

    @property
    def sums(self):
        return self.name.endswith("+ sum")


class Run:
    """One finished process: exit status, CPU seconds, peak of resident memory in bytes."""

    launcher = None

    def __init__(self, command, output=subprocess.DEVNULL, seconds_max=0):
        words = [self.launcher, math.ceil(seconds_max), *command]
        done = subprocess.run([str(word) for word in words], stdout=output, stderr=subprocess.PIPE, check=True)
        status, seconds, memory = done.stderr.split()
        self.status, self.seconds, self.memory = int(status), float(seconds), int(memory) * 1024
        self.output = done.stdout


def find_programs(build):
    """The programs that can be run, and the names of rivals that cannot."""
    limits = build / "bench_limits"
    if not limits.exists():
        sys.exit(f"{limits} is missing: cmake --preset bench && cmake --build --preset bench")
    programs = []
    for mode in LIMITS:
        name = f"restitch {mode}" if mode in RESTITCH else mode.replace("-", " ")
        verify = [limits, "--verify", mode] if mode in RESTITCH else None
        programs.append(Program(name, [limits, mode], verify))
        programs.append(Program(f"{name} + sum", [limits, "--sum", mode], None))
    missing = []
    for source in sorted((ROOT / "bench/rivals").iterdir()):
        if source.suffix not in {".cc", ".go", ".sh"}:
            continue
        command = source if source.suffix == ".sh" else build / f"rival_{source.stem}"
        installed = command.exists()
        if source.suffix == ".sh":
            installed = subprocess.run([command, "/dev/null"], capture_output=True, check=False).returncode != 77
        if installed:
            programs.append(Program(source.stem, [command], [command, "--verify"]))
        else:
            missing.append(source.stem)
    return programs, missing


def check_delivery(program, capture, truth, folder, seconds_max):
    """How much of the truth a program delivers, in words."""
    if program.verify is None:
        return ""
    answer = folder / "answer"
    with answer.open("wb") as output:
        status = Run([*program.verify, capture], output, seconds_max).status
    if status == 78:
        return "delivers no bytes"
    directions, delivered = set(), 0
    with answer.open() as lines:
        for line in lines:
            words = line.split()
            directions.add(" ".join(words))
            delivered += int(words[2])
    with_gaps = any(line.count(" ") == 4 for line in directions)
    truth_set, total = truth[with_gaps], truth["bytes"]
    exact = len(directions & truth_set)
    if status == 0 and exact == len(truth_set) == len(directions):
        return "all exact" + (", gaps too" if with_gaps else "")
    failed = f"; exit {status}" if status else ""
    return f"{exact:,} of {len(truth_set):,} exact, {delivered - total:+,} bytes{failed}"


def read_truth(path):
    truth = {True: set(), False: set(), "bytes": 0}
    with path.open() as lines:
        for line in lines:
            words = line.split()
            truth[True].add(" ".join(words))
            truth[False].add(" ".join(words[:4]))
            truth["bytes"] += int(words[2])
    return truth


def time_in_turns(programs, capture, rounds, slow):
    runs = {program: [] for program in programs}
    for turn in range(rounds):
        for program in programs:
            if turn == 0 or runs[program][0].seconds <= slow:
                runs[program].append(Run([*program.command, capture], seconds_max=slow * 3))
    return runs


def describe(seconds):
    return f"{seconds:.3f}" if seconds < 10 else f"{seconds:.1f}"


def bench_workload(name, args, programs, folder):
    capture, truth_path = folder / f"{name}.pcap", folder / f"{name}.truth"
    generated = subprocess.run([args.build / "bench_generate", name, str(args.scale), capture, truth_path],
                               capture_output=True, text=True, check=True)
    packets = int(generated.stdout)
    truth = read_truth(truth_path)
    delivered = {program: check_delivery(program, capture, truth, folder, args.slow * 3) for program in programs}
    size = capture.stat().st_size
    print(f"\n### {name}: {packets:,} packets, {size / 1e6:,.0f} MB, {len(truth[True]):,} directions with payload\n",
          flush=True)
    runs = time_in_turns(programs, capture, args.rounds, args.slow)
    medians = {program: statistics.median(run.seconds for run in runs[program]) for program in programs}
    base = {program.sums: medians[program] for program in programs if program.name in ("track", "track + sum")}
    print("| program | CPU s | × track | ns/packet | peak MB | delivered |\n|---|--:|--:|--:|--:|---|")
    right = True
    for program in programs:
        cpu = medians[program]
        ratio = f"{cpu / base[program.sums]:.2f}" if program.sums in base else "-"
        once = "" if len(runs[program]) == args.rounds else " (once)"
        if runs[program][0].status:
            once = " (stopped)"
        memory = max(run.memory for run in runs[program]) / 1e6
        print(f"| {program.name} | {describe(cpu)}{once} | {ratio} | {cpu / packets * 1e9:.0f} | {memory:.0f} "
              f"| {delivered[program]} |")
        if program.name.startswith("restitch") and program.verify:
            right &= delivered[program] == "all exact, gaps too"
    capture.unlink()
    truth_path.unlink()
    return right


def fit_exponent(points):
    """The slope of log(seconds) over log(N)."""
    if len(points) < 2:
        return None
    xs, ys = [math.log(n) for n, _ in points], [math.log(seconds) for _, seconds in points]
    mean_x, mean_y = statistics.mean(xs), statistics.mean(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)


def grow(command, order, size, counts, seconds_max, rounds):
    """[(N, median CPU seconds)], bytes for each held segment at the last N, whether all was right."""
    points, memory, right = [], 0, True
    for count in counts:
        answers = []
        for _ in range(rounds):
            done = Run([command, order, count, size], subprocess.PIPE, seconds_max)
            words = done.output.decode().split()
            if len(words) != 4:
                return points, memory, right
            right &= words[3] == "right"
            answers.append((float(words[0]), int(words[1]) or done.memory))
        points.append((count, statistics.median(seconds for seconds, _ in answers)))
        memory = answers[0][1] / count
        if points[-1][1] * 4 > seconds_max:
            break
    return points, memory, right


def bench_growth(args):
    counts = [2000 * 2 ** i for i in range(10) if 2000 * 2 ** i <= args.growth_max]
    programs = [(source.stem, args.build / f"growth_{source.stem}")
                for source in sorted((ROOT / "bench/growth").glob("*.*")) if source.suffix in {".cc", ".go"}]
    programs.append(("array", args.build / "growth_array"))  # with map: the bare accesses (bench/growth/map.cc)
    shown = [n for n in counts if n in (2000, 16000, 64000, 256000, 1024000)]
    print("\n### Growth: CPU seconds for N held segments\n")
    head = " | ".join(f"N = {n:,}" for n in shown)
    print(f"| program | order | bytes | {head} | largest N | exponent | memory/segment | delivered |")
    print("|---|---|--:|" + "--:|" * len(shown) + "--:|--:|--:|---|")
    all_right = True
    for order in ORDERS:
        for size in (1, 100):
            for name, command in sorted(programs, key=lambda item: item[0] != "restitch"):
                if not command.exists():
                    continue
                own = name in {"restitch", "map", "array"}
                points, memory, right = grow(command, order, size, counts, 1000 if own else args.slow,
                                             args.rounds if own else 1)
                cells = " | ".join(describe(dict(points)[n]) if n in dict(points) else "-" for n in shown)
                exponent = fit_exponent([point for point in points if point[1] >= 0.0005])
                last = f"{points[-1][0]:,}: {describe(points[-1][1])}" if points else "-"
                print(f"| {name} | {order} | {size} | {cells} | {last} "
                      f"| {'-' if exponent is None else format(exponent, '.2f')} "
                      f"| {format(memory, ',.0f') if memory else '-'} | {'right' if right else 'WRONG'} |", flush=True)
                all_right &= right or not own
    missing = [name for name, command in programs if not command.exists()]
    if missing:
        print(f"\nNot installed, skipped (bench/packages.txt): {', '.join(missing)}")
    return all_right


def bench_threads(args):
    ways = [("feed", 1), ("engine", 1), ("engine", 2), ("whole", 2)]
    right = True
    print("\n### Threads\n\n| workload | way | threads | wall s | CPU s | throughput |\n|---|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.workloads.split(","):
            capture = Path(folder) / f"{name}.pcap"
            subprocess.run([args.build / "bench_generate", name, str(args.scale), capture, f"{folder}/truth"],
                           stdout=subprocess.DEVNULL, check=True)
            runs = {way: [] for way in ways}
            for _ in range(args.rounds):
                for way in ways:
                    done = subprocess.run([args.build / "bench_engine", way[0], str(way[1]), capture],
                                          capture_output=True, text=True, check=True)
                    runs[way].append(done.stdout.split())
            wall, cpu = ({way: statistics.median(float(run[i]) for run in runs[way]) for way in ways} for i in (0, 1))
            for way in ways:
                print(f"| {name} | {way[0]} | {way[1]} | {describe(wall[way])} | {describe(cpu[way])} "
                      f"| {wall['engine', 1] / wall[way]:.2f} |", flush=True)
            right &= len({tuple(run[2:]) for way in ways for run in runs[way]}) == 1
            capture.unlink()
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--scale", type=float, default=0.1, help="1 is the size of the definition")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workloads", default="A,B,C,C2,D,M,W")
    parser.add_argument("--programs", default=".", help="only programs whose name matches; track always runs")
    parser.add_argument("--slow", type=float, default=20, help="CPU seconds above which a rival runs once")
    parser.add_argument("--growth", action="store_true", help="only the growth benchmark")
    parser.add_argument("--threads", action="store_true", help="only the benchmark of several threads")
    parser.add_argument("--skip-growth", action="store_true")
    parser.add_argument("--growth-max", type=int, default=1_024_000)
    args = parser.parse_args()
    args.build = args.build.resolve() / "bench"
    Run.launcher = args.build / "bench_launch"
    programs, missing = find_programs(args.build)
    programs = [p for p in programs if re.search(args.programs, p.name) or p.name in ("track", "track + sum")]
    print(f"Medians of {args.rounds}, scale {args.scale:g}, {os.cpu_count()} processors, "
          f"load {os.getloadavg()[0]:.1f} at the start.")
    right = True
    if args.threads:
        return None if bench_threads(args) else sys.exit("different answers")
    if not args.growth:
        with tempfile.TemporaryDirectory() as folder:
            for name in args.workloads.split(","):
                right &= bench_workload(name, args, programs, Path(folder))
        if missing:
            print(f"\nNot installed, skipped (bench/packages.txt): {', '.join(missing)}")
    if not args.skip_growth:
        right &= bench_growth(args)
    if not right:
        sys.exit("restitch did not deliver the truth")


if __name__ == "__main__":
    main()
