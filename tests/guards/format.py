#!/usr/bin/env python3
"""The C++ sources are as clang-format leaves them.

    format.py ROOT         check; exit 1 and name every file that differs
    format.py ROOT --fix   format in place
    format.py --self-test  show that a badly formatted file is found

Versions of clang-format differ in taste, so one is agreed on: 14, Debian 12's. Where it is not to be
had, the check says so and exits 77, which ctest shows as skipped.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "14"
SKIPPED = 77


def clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            text = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(rf"version {VERSION}\.", text):
                return path
    return None


def sources_of(root):
    listing = subprocess.run(["git", "-C", root, "ls-files", "-z", "*.h", "*.cc"], capture_output=True, check=False)
    names = [name for name in listing.stdout.decode().split("\0") if name]
    if listing.returncode != 0:
        names = [str(path.relative_to(root)) for folder in ("include", "src", "tests", "fuzz", "bench", "examples")
                 for path in (root / folder).rglob("*") if path.suffix in {".h", ".cc"}]
    return [name for name in names if (root / name).is_file()]


def run(tool, root, names, *arguments):
    if not names:
        return 0, ""
    result = subprocess.run([tool, "--style=file", *arguments, *names], cwd=root, capture_output=True, text=True,
                            check=False)
    return result.returncode, result.stderr


def self_test(tool):
    style = (Path(__file__).resolve().parents[2] / ".clang-format").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".clang-format").write_text(style, encoding="utf-8")
        (root / "good.cc").write_text("int main() { return 0; }\n", encoding="utf-8")
        (root / "bad.cc").write_text("int  main( ){return 0 ;}\n", encoding="utf-8")
        good = run(tool, root, ["good.cc"], "--dry-run", "-Werror")[0]
        bad = run(tool, root, ["bad.cc"], "--dry-run", "-Werror")[0]
        print(f"good.cc: exit {good}, bad.cc: exit {bad}")
        return 0 if good == 0 and bad != 0 else 1


def main():
    tool = clang_format()
    if tool is None:
        print(f"skipped: no clang-format {VERSION}")
        return SKIPPED
    if sys.argv[1:] == ["--self-test"]:
        return self_test(tool)
    root = Path(sys.argv[1]).resolve()
    names = sources_of(root)
    arguments = ["-i"] if sys.argv[2:] == ["--fix"] else ["--dry-run", "-Werror"]
    code, text = run(tool, root, names, *arguments)
    offenders = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", text, re.MULTILINE)))
    print(f"{len(names)} files, {len(offenders)} not formatted")
    print("\n".join(offenders or [text]))
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
