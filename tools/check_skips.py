#!/usr/bin/env python3
"""Fails when a test was skipped that is not on the list of those that may be.

    check_skips.py RESULTS.xml [LIST]   RESULTS.xml is what ctest --output-junit wrote, and gtest/ beside it has what the
                                        programs of GoogleTest say of each case; LIST: tests/skips.txt
    check_skips.py --self-test          show that a skip that is not listed is found

A line of the list is a regular expression for the whole name of a test, then ` # ` and why it may be skipped.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read_list(text):
    rules = []
    for line in text.splitlines():
        pattern, separator, reason = line.partition(" # ")
        if line.strip() and not line.startswith("#"):
            if not separator or not reason.strip():
                sys.exit(f"tests/skips.txt: no reason: {line}")
            rules.append(re.compile(pattern.strip()))
    return rules


def skipped_tests(junit):
    """The names of those that were skipped; CTest knows whole names, GoogleTest the suite and the case."""
    def name(case):
        whole, suite = case.get("name"), case.get("classname", "")
        return whole if suite in ("", whole) else f"{suite}.{whole}"
    root = ElementTree.fromstring(junit)
    return [name(case) for case in root.iter("testcase") if case.find("skipped") is not None]


def unlisted(names, rules):
    return [name for name in names if not any(rule.fullmatch(name) for rule in rules)]


def self_test():
    junit = ('<testsuite><testcase name="A.One"><skipped message="x"/></testcase>'
             '<testcase name="B.Two"/><testcase name="C.Three" classname="C.Three"><skipped/></testcase>'
             '<testcase name="Four" classname="All/D"><skipped/></testcase></testsuite>')
    found = unlisted(skipped_tests(junit), read_list("# a comment\nA\\..* # it needs a moon\n"))
    print(found)
    return 0 if found == ["C.Three", "All/D.Four"] else 1


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    results = Path(sys.argv[1])
    names = [name for file in (results, *sorted(results.parent.glob("gtest/*.xml")))
             for name in skipped_tests(file.read_text(encoding="utf-8"))]
    rules = read_list(Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "tests/skips.txt").read_text(encoding="utf-8"))
    bad = unlisted(names, rules)
    print(f"{len(names)} tests skipped, {len(bad)} of them not on the list")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
