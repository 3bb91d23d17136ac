#!/usr/bin/env python3
"""Whether a built program is hardened (cmake/RestitchHardening.cmake), as readelf sees it.

    hardening.py PROGRAM               say what is missing
    hardening.py --unhardened PROGRAM  of a build that leaves the flags out: only where it looks for libraries
    hardening.py --self-test

Position-independent, relocations read-only from the start, no executable stack, a stack protector, calls of
libc that check sizes, and the standard library's checks of indices. And whatever the build: libraries are looked
for where the system does, and those of a shared build below the program's own folder or in absolute ones. Exit 77
where there is no readelf to look with.
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


def loose_search(description):
    """What is wrong with where it looks for libraries: a name of the current folder lets anyone's code in."""
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*?\[(.*)\]", description)
    if paths and not re.search(r"\((?:NEEDED|SONAME)\).*\[librestitch_", description):
        return [f"looks for libraries in [{path}], though none is ours" for path in paths]
    return [f"looks for libraries in \"{entry}\", which depends on the current folder"
            for path in paths for entry in path.split(":") if not re.match(r"/|\$ORIGIN(/|$)", entry)]


def wrong_search(program):
    return [f"{program}: {what}" for what in loose_search(describe(program))]


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
    needed = " 0x0000000000000001 (NEEDED)             Shared library: [librestitch_base.so.0.1]\n"
    runpath = " 0x000000000000001d (RUNPATH)            Library runpath: [{}]\n"
    assert not loose_search(good) and not loose_search(needed)
    assert loose_search(runpath.format("/usr/lib"))
    for path in ("$ORIGIN", "$ORIGIN/../lib:/opt/lib"):
        assert not loose_search(needed + runpath.format(path)), path
    for path in ("", ":::", "$ORIGIN:", "$ORIGIN/../lib::/opt", "lib", "$ORIGINAL"):
        assert loose_search(needed + runpath.format(path)), path
        assert loose_search((needed + runpath.format(path)).replace("RUNPATH", "RPATH")), path
    print("each rule can fail")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    unhardened = arguments[:1] == ["--unhardened"]
    if len(arguments) != 1 + unhardened:
        sys.exit(__doc__)
    program = arguments[-1]
    if shutil.which("readelf") is None:
        print("skipped: no readelf")
        return SKIPPED
    complaints = wrong_search(program)
    if not unhardened:
        complaints += [f"{program}: missing: {what}" for what in missing(describe(program))]
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
