#!/usr/bin/env python3
"""Line and branch coverage by module, from what a run of the tests left beside the objects; fails below the bars.

    coverage.py BUILD               print the modules, exit 1 when one is below its bar
    coverage.py BUILD --missed DIR  print the lines and branches of files below DIR that no test reached, too
    coverage.py --self-test

The bars hold for the two modules that meet hostile bytes and keep state: 95 % of lines, 90 % of branches. They hold for
the tests of these modules alone (`make core`) as for all tests together (`make coverage`).

A branch is one in the source: of a template or of a function that is inlined it counts once, and it is reached when any
instantiation or copy takes it. A call is no branch, though an exception may leave it. gcov's own JSON says which those
are; its text, which gcovr 5.2 reads, does not where a call was never made, and each test that includes a header but
leaves a template of it alone then added branches that nothing can reach.
"""
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from math import gcd
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parent.parent
LINES_MIN, BRANCHES_MIN = 95.0, 90.0
BARRED = ("packet", "reassembly")

# Public headers lie in one folder; a module's are those whose bodies are in src/MODULE, or that are all body.
HEADER_MODULES = {"packet": "packet", "defragmenter": "packet", "sequence": "packet", "mirror_copies": "packet",
                  "tcp_helpers": "packet", "basic_assembler": "reassembly", "assembler": "reassembly",
                  "assembler_base": "reassembly", "stream_pool_base": "reassembly",
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


def decisions(branches):
    """Without the two ways out of a call: the next statement, and behind it in gcov's list what an exception takes."""
    kept = []
    for branch in branches:
        if not branch["throw"]:
            kept.append(branch)
        elif kept and kept[-1]["fallthrough"]:
            kept.pop()
    return kept


def fold(seen):
    """What instantiations and inlined copies of one line took, as if there were one of them.

    A function that holds n copies has the branches of each n times, so those of one copy are as many as divide them all.
    """
    size = gcd(*map(len, seen))
    return [any(ways[i] for ways in seen for i in range(first, len(ways), size)) for first in range(size)]


class Reached:
    """What was reached, over all objects: lines by (file, line), the branches of a line by the function they are in."""

    def __init__(self):
        self.lines = {}
        self.branches = defaultdict(lambda: defaultdict(set))

    def add(self, name, file):
        """One file as one object saw it. Instantiations of a template begin at the same place of the source."""
        functions = {function["name"]: function for function in file["functions"]}
        for line in file["lines"]:
            place = name, line["line_number"]
            self.lines[place] = self.lines.get(place, False) or line["count"] > 0
            taken = [branch["count"] > 0 for branch in decisions(line["branches"])]
            if taken:
                function = functions.get(line.get("function_name"))
                begin = None  # inlined into another one
                if function and function["start_line"] <= line["line_number"] <= function["end_line"]:
                    begin = function["start_line"], function["start_column"]
                self.branches[place][begin].add(tuple(taken))

    def ways(self):
        """Of each line with branches, which of them were taken."""
        for place, functions in self.branches.items():
            inlined = functions.get(None, set())
            own = sorted(begin for begin in functions if begin)
            for begin in own[:-1]:
                yield place, fold(functions[begin])
            yield place, fold(functions[own[-1]] | inlined if own else inlined)

    def modules(self):
        """By module: lines reached, lines, branches reached, branches."""
        modules = defaultdict(lambda: [0, 0, 0, 0])
        for (name, _), reached in self.lines.items():
            counts = modules[module_of(name)]
            counts[0] += reached
            counts[1] += 1
        for (name, _), taken in self.ways():
            counts = modules[module_of(name)]
            counts[2] += sum(taken)
            counts[3] += len(taken)
        return modules

    def missed(self, below):
        """A line of text for each line of a file that was not reached, or not in all ways."""
        ways = defaultdict(str)
        for place, taken in self.ways():
            ways[place] += " " + "".join("-+"[way] for way in taken)
        for (name, line), reached in sorted(self.lines.items()):
            if name.startswith(below) and (not reached or "-" in ways[name, line]):
                text = (ROOT / name).read_text(encoding="utf-8").splitlines()[line - 1]
                yield f"{name}:{line}:{'' if reached else ' never'}{ways[name, line]}: {text.strip()}"


def files_of(notes):
    """What gcov says of the files of this tree that one object was made from."""
    # A run that was killed leaves nothing, and an object that no program loaded has no counts: all its lines are zero.
    said = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", notes.name], cwd=notes.parent,
                          check=True, capture_output=True).stdout
    for document in said.splitlines():
        object_data = json.loads(document)
        for file in object_data["files"]:
            path = os.path.relpath(os.path.join(object_data["current_working_directory"], file["file"]), ROOT)
            if path.startswith(("src/", "include/")):
                yield path, file


def read(build):
    reached = Reached()
    objects = [path for path in sorted(Path(build).rglob("*.gcno")) if path.with_suffix(".o").exists()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for files in pool.map(lambda notes: list(files_of(notes)), objects):
            for name, file in files:
                reached.add(name, file)
    return reached


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
    def file(lines):
        return {"functions": [{"name": name, "start_line": 1, "start_column": 1, "end_line": 9} for name in ("f<int>", "f<char>")],
                "lines": [{"line_number": number, "count": count, "function_name": function,
                           "branches": [{"count": taken, "fallthrough": edge == "falls", "throw": edge == "throws"}
                                        for taken, edge in branches]}
                          for number, count, function, branches in lines]}
    call = [(1, "falls"), (0, "throws")]
    both, one, neither = ([(x, "falls"), (y, "")] for x, y in ((1, 1), (1, 0), (0, 0)))

    reached = Reached()
    reached.add("src/packet/ip.cc", file([(1, 1, "f<int>", call + one), (1, 0, "f<char>", neither), (2, 0, "f<int>", [])]))
    assert reached.modules() == {"packet": [1, 2, 1, 2]}  # a call is no branch, and both are one template
    assert list(map(str.split, reached.missed("src/x"))) == []
    reached.add("src/packet/ip.cc", file([(1, 1, "f<char>", neither + both), (2, 1, "f<int>", [])]))
    assert reached.modules() == {"packet": [2, 2, 2, 2]}  # copies of an inlined function

    good = {"packet": [96, 100, 91, 100], "reassembly": [99, 100, 95, 100], "cli": [10, 100, 10, 100]}
    assert not report(good)[1]
    assert report({"reassembly": good["reassembly"]})[1] == ["packet: not measured"]
    for lines, branches in ((94, 91), (96, 89)):
        assert len(report({**good, "packet": [lines, 100, branches, 100]})[1]) == 1
    assert module_of("include/restitch/defragmenter.h") == "packet"
    assert module_of("include/restitch/detail/slab.h") == "reassembly"
    print("a module below its bar is found")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) not in (1, 3) or arguments[1:2] not in ([], ["--missed"]):
        sys.exit(__doc__)
    reached = read(arguments[0])
    if len(arguments) == 3:
        print("\n".join(reached.missed(arguments[2])))
    table, below = report(reached.modules())
    print("\n".join(table + below))
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
