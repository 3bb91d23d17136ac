#!/usr/bin/env python3
"""Line and branch coverage by module, from gcovr's summary; fails below the bars.

    coverage.py SUMMARY.json    print the modules, exit 1 when one is below its bar
    coverage.py --self-test

The bars hold for the two modules that meet hostile bytes and keep state: 95 % of lines, 90 % of branches.
"""
import json
import sys
from collections import defaultdict
from pathlib import PurePath

LINES_MIN, BRANCHES_MIN = 95.0, 90.0
BARRED = ("packet", "reassembly")

# Public headers lie in one folder; a module's are those whose bodies are in src/MODULE, or that are all body.
HEADER_MODULES = {"packet": "packet", "defragmenter": "packet", "sequence": "packet", "mirror_copies": "packet",
                  "tcp_helpers": "packet", "basic_assembler": "reassembly", "assembler": "reassembly",
                  "stream": "reassembly", "events": "reassembly", "receiver": "reassembly",
                  "receiver_table": "reassembly", "limits": "reassembly", "options": "reassembly"}


def module_of(name):
    parts = PurePath(name).parts
    if parts[0] == "src":
        return parts[1]
    if "detail" in parts:
        return "reassembly"
    stem = PurePath(name).stem
    return HEADER_MODULES.get(stem, stem.split("_")[0])


def add_up(summary):
    modules = defaultdict(lambda: [0, 0, 0, 0])
    for file in summary["files"]:
        counts = modules[module_of(file["filename"])]
        for i, key in enumerate(("line_covered", "line_total", "branch_covered", "branch_total")):
            counts[i] += file[key]
    return modules


def percent(covered, total):
    return 100.0 * covered / total if total else 100.0


def report(modules):
    """The table, and the modules below their bar."""
    table, below = [f"{'module':<12}{'lines':>8}{'':>9}{'branches':>9}"], []
    for name, (lines, lines_all, branches, branches_all) in sorted(modules.items()):
        line, branch = percent(lines, lines_all), percent(branches, branches_all)
        table.append(f"{name:<12}{lines_all:>8}{line:>8.1f}%{branches_all:>9}{branch:>8.1f}%")
        if name in BARRED and (line < LINES_MIN or branch < BRANCHES_MIN):
            below.append(f"{name}: below {LINES_MIN:g} % of lines or {BRANCHES_MIN:g} % of branches")
    below += [f"{name}: not measured" for name in BARRED if name not in modules]
    return table, below


def self_test():
    def file(name, lines, branches):
        return {"filename": name, "line_covered": lines, "line_total": 100,
                "branch_covered": branches, "branch_total": 100}
    good = [file("src/packet/ip.cc", 96, 91), file("include/restitch/detail/slab.h", 99, 95),
            file("src/cli/main.cc", 10, 10)]
    assert not report(add_up({"files": good}))[1]
    assert report(add_up({"files": good[1:]}))[1] == ["packet: not measured"]
    for lines, branches in ((94, 91), (96, 89)):
        assert len(report(add_up({"files": [file("src/packet/ip.cc", lines, branches), *good[1:]]}))[1]) == 1
    assert module_of("include/restitch/defragmenter.h") == "packet"
    print("a module below its bar is found")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        table, below = report(add_up(json.load(file)))
    print("\n".join(table + below))
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
