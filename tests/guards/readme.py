#!/usr/bin/env python3
"""The program that the README shows is the one that is compiled and run: examples/print_bytes.cc, line for line.

    readme.py ROOT
    readme.py --self-test   show that a difference is found
"""
import re
import sys
from pathlib import Path


def shown(readme):
    """The C++ programs of a page: its blocks that have a main()."""
    blocks = re.findall(r"^```cpp\n(.*?)^```$", readme, re.M | re.S)
    return [block for block in blocks if "int main(" in block]


def self_test():
    page = "text\n```cpp\nint main() {}\n```\n```cpp\nint x;\n```\n"
    assert shown(page) == ["int main() {}\n"]
    assert shown("no program") == []
    print("a program is found, and what is none is not")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = Path(arguments[0])
    programs = shown((root / "README.md").read_text(encoding="utf-8"))
    example = (root / "examples/print_bytes.cc").read_text(encoding="utf-8")
    if programs != [example]:
        print("README.md shows another program than examples/print_bytes.cc")
        return 1
    print("README.md shows examples/print_bytes.cc")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
