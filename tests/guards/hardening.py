#!/usr/bin/env python3
"""Whether a built program is hardened (cmake/RestitchHardening.cmake), as readelf sees it.

    hardening.py PROGRAM       say what is missing
    hardening.py --unhardened  skip: this build leaves it out
    hardening.py --self-test

Position-independent, relocations read-only from the start, no executable stack, a stack protector, calls of
libc that check sizes, and the standard library's checks of indices. Exit 77 where there is nothing to look at,
or no readelf to look with.
"""
import re
import shutil
import subprocess
import sys

SKIPPED = 77

# What is asked for, and where in readelf's answer it shows.
RULES = {
    "position-independent (PIE)": re.compile(r"Type:\s+DYN .*Position-Independent"),
    "relocations read-only after start (RELRO)": re.compile(r"GNU_RELRO"),
    "symbols bound at start (BIND_NOW)": re.compile(r"\bBIND_NOW\b|FLAGS_1.*\bNOW\b"),
    "stack not executable": re.compile(r"GNU_STACK(?:\s+0x[0-9a-f]+){5}\s+RW\s"),
    "stack protector": re.compile(r"\b__stack_chk_fail\b"),
    "checks of the standard library": re.compile(r"__glibcxx_assert_fail"),
    "fortified calls of libc": re.compile(r"\b__(?:memcpy|memmove|memset|snprintf|read|poll|vsnprintf)_chk\b"),
}


def missing(description):
    return [what for what, pattern in RULES.items() if not pattern.search(description)]


def describe(program):
    run = subprocess.run(["readelf", "-W", "--file-header", "--program-headers", "--dynamic", "--dyn-syms",
                          program], capture_output=True, text=True, check=True)
    return run.stdout


def self_test():
    good = """  Type:                              DYN (Position-Independent Executable file)
  GNU_STACK      0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000 RW  0x10
  GNU_RELRO      0x0a8f30 0x00000000000a9f30 0x00000000000a9f30 0x0030d0 0x0030d0 R   0x1
 0x000000000000001e (FLAGS)              BIND_NOW
     5: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __stack_chk_fail@GLIBC_2.4 (3)
     6: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __memcpy_chk@GLIBC_2.3.4 (4)
     7: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND _ZSt21__glibcxx_assert_failPKciS0_S0_@GLIBCXX_3.4.30 (5)
"""
    assert not missing(good), missing(good)
    spoilt = {"DYN (": "EXEC (", "GNU_RELRO": "LOAD", "BIND_NOW": "", " RW ": " RWE", "__stack_chk_fail": "f",
              "__memcpy_chk": "memcpy", "__glibcxx_assert_fail": "f"}
    for old, new in spoilt.items():
        assert len(missing(good.replace(old, new))) == 1, old
    print("each rule can fail")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        sys.exit(__doc__)
    if arguments == ["--unhardened"]:
        print("skipped: a build with sanitizers, without optimisation, or with RESTITCH_HARDEN=OFF")
        return SKIPPED
    if shutil.which("readelf") is None:
        print("skipped: no readelf")
        return SKIPPED
    lacks = missing(describe(arguments[0]))
    for what in lacks:
        print(f"{arguments[0]}: missing: {what}")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
