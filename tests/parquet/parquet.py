#!/usr/bin/env python3
"""Reads what `restitch log --format parquet` writes with two other programs: hyparquet and DuckDB, from npm.

    parquet.py --tool RESTITCH --modules DIR [--many N]

DIR is where the readers are installed (npm, from package-lock.json) unless they are there. Both have to give the rows
of `--format json`: of the sample capture, of one without a connection, and of N connections in several row groups.
Exit status 77: there is no npm, or it cannot install.
"""
import argparse
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent / "data" / "sample.pcapng"
SKIPPED = 77


def install(modules):
    """The readers, in a folder of their own; a reason why not otherwise."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "no node or npm"
    modules.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "read.mjs"):
        shutil.copy(HERE / name, modules)
    if (modules / "node_modules" / ".package-lock.json").exists():
        return None
    done = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=modules,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else "npm cannot install: " + done.stdout.strip().splitlines()[-1]


def many_connections(path, count):
    """A capture of `count` connections that were asked for and never answered."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for i in range(count):
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 40, 0, 0, 64, 6, 0, 0x0a000000 + i // 60000, 0xc0000201)
            tcp = struct.pack(">HHIIBBHHH", 1024 + i % 60000, 80, i, 0, 0x50, 2, 1000, 0, 0)
            file.write(struct.pack("<IIII", 1_600_000_000 + i // 1000, i % 1000, 40, 40) + ip + tcp)


def run(command, **more):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **more).stdout


def rows_of(text):
    """Rows by their number, times and durations in whole microseconds, without what is absent."""
    rows = {}
    for line in text.splitlines():
        row = {key: value for key, value in json.loads(line).items() if value is not None}
        if isinstance(row["start"], float):
            row["start"] = round(row["start"] * 1e6)
        if "duration" in row:
            row["duration"] = round(row["duration"] * 1e6)
        rows[row["connection"]] = row
    return rows


def is_same(a, b):
    """Equal, but that a number of microseconds may have been rounded or cut."""
    near = ("start", "duration")
    return a.keys() == b.keys() and all(
        abs(a[key] - b[key]) <= 1 if key in near else a[key] == b[key] for key in a)


def differences(tool, modules, capture):
    expected = rows_of(run([tool, "log", "--logs", "conn", "--format", "json", "-q", str(capture)]))
    file = modules / "rows.parquet"
    with open(file, "wb") as out:
        subprocess.run([tool, "log", "--format", "parquet", "-q", str(capture)], check=True, stdout=out)
    for reader in ("hyparquet", "duckdb"):
        rows = rows_of(run(["node", "read.mjs", reader, str(file)], cwd=modules))
        wrong = [number for number in sorted(expected.keys() | rows.keys())
                 if not is_same(expected.get(number, {}), rows.get(number, {}))]
        print(f"{capture.name}: {len(rows)} rows, as {reader} reads them: {len(wrong)} differ")
        for number in wrong[:3]:
            print(f"  {number}: json {expected.get(number)}\n  {reader} {rows.get(number)}")
        yield from wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--modules", required=True, type=Path)
    parser.add_argument("--many", type=int, default=140_000)
    arguments = parser.parse_args()
    trouble = install(arguments.modules)
    if trouble:
        print(trouble)
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        none, many = Path(folder) / "none.pcap", Path(folder) / "many.pcap"
        many_connections(none, 0)
        many_connections(many, arguments.many)
        wrong = [number for capture in (SAMPLE, none, many)
                 for number in differences(arguments.tool, arguments.modules, capture)]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
