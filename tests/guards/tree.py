#!/usr/bin/env python3
"""What lies where in the repository.

    tree.py ROOT         check the tree; exit 1 and name every offence
    tree.py --self-test  show, on small trees made for it, that each kind of offence is found

Offences: a file above 1 MB, a test in src/, a build product, an installed header that would be another one with
NDEBUG (a library and the program that uses it need not agree on it: RESTITCH_REQUIRE is the same in both). Units without a test of their own name
are listed, as a note and not as an offence: one test may cover two small files well.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE_MAX = 1_000_000
BUILD_PRODUCTS = {".o", ".a", ".so", ".gcda", ".gcno", ".profraw"}
DIFFERS_WITH_NDEBUG = re.compile(r"\bassert\s*\(|\bNDEBUG\b|<cassert>|<assert\.h>")


def files_of(root):
    """What git tracks; in an unpacked tarball, what is there but for the build folder."""
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=False)
    if listing.returncode == 0 and listing.stdout:
        names = [Path(name) for name in listing.stdout.decode().split("\0") if name]
    else:
        names = [path.relative_to(root) for path in root.rglob("*")]
        names = [name for name in names if name.parts[0] != "build"]
    return sorted(name for name in names if (root / name).is_file())


def check_tree(root):
    for name in files_of(root):
        size = (root / name).stat().st_size
        if size > SIZE_MAX:
            yield f"{name}: {size} bytes, above {SIZE_MAX}"
        if name.parts[0] in {"src", "include"} and name.stem.endswith("_test"):
            yield f"{name}: a test belongs in tests/"
        if name.suffix in BUILD_PRODUCTS:
            yield f"{name}: a build product"
        if name.parts[0] == "include" and DIFFERS_WITH_NDEBUG.search((root / name).read_text(encoding="utf-8")):
            yield f"{name}: another header with NDEBUG; use RESTITCH_REQUIRE"


def units_without_test(root):
    tests = {name.stem for name in files_of(root) if name.parts[0] == "tests"}
    return [str(name) for name in files_of(root)
            if name.parts[0] == "src" and name.suffix == ".cc" and f"{name.stem}_test" not in tests]


def self_test():
    bad_files = {"data/big.pcap": b"x" * (SIZE_MAX + 1), "src/base/bytes_test.cc": b"", "src/base/bytes.o": b"",
                 "include/restitch/a.h": b"inline int f(int a) { assert (a); return a; }",
                 "include/restitch/detail/b.h": b"#ifndef NDEBUG\n#endif\n",
                 "include/restitch/c.h": b"#include <cassert>\n"}
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "build").mkdir()
        (root / "build" / "unit.o").touch()
        (root / "good.cc").touch()
        (root / "include").mkdir()
        (root / "include" / "good.h").write_text("static_assert(sizeof(int) == 4);  // my_assert(x)\n")
        failures += [f"a good tree is refused: {offence}" for offence in check_tree(root)]
        for name, content in bad_files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            found = list(check_tree(root))
            print(f"{name}: {found}")
            if len(found) != 1 or not found[0].startswith(name):
                failures.append(f"{name} is not found: {found}")
            path.unlink()
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        offences = self_test()
    else:
        root = Path(sys.argv[1])
        offences = list(check_tree(root))
        print("without a test of the same name:", ", ".join(units_without_test(root)) or "none")
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
