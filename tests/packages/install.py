#!/usr/bin/env python3
"""Installs each Debian package alone into a Debian that holds nothing else (clean_root.py), where apt has to find all
that it needs, and uses it there: the command reads the sample capture, a program is built on the library, the man page
renders, the Python module imports. lintian finds no error in any of them.

    install.py PACKAGES [--cache DIR]   PACKAGES: the folder of the .deb files

Exit 77 where this is not permitted: it takes root, debootstrap and a mirror.
"""
import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import clean_root

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample.pcapng"
DIGESTS = ROOT / "tests" / "data" / "sample.digests.json"
SKIPPED = 77


def expect(is_true, what):
    if not is_true:
        sys.exit(what)


def check_libraries(root):
    """The loader finds each library and what it needs."""
    libraries = [line.split()[-1] for line in root.inside("ldconfig", "-p").splitlines() if "librestitch_" in line]
    expect(len(libraries) >= 6, f"the loader knows {libraries}")
    for library in libraries:
        expect("not found" not in root.inside("ldd", library, quiet=True), f"{library} lacks a library")


def check_command(root):
    root.put(SAMPLE, "sample.pcapng")
    root.inside("restitch", "--version")
    rows = [json.loads(line) for line in root.inside("restitch", "streams", "-q", "--json", "/sample.pcapng").splitlines()]
    found = {(row["src"], row["dst"]): (row["bytes"], row["sha256"]) for row in rows if row["bytes"]}
    sent = json.loads(DIGESTS.read_text(encoding="utf-8"))["streams"]
    wanted = {(row["src"], row["dst"]): (row["bytes"], row["sha256"]) for row in sent if "sha256" in row}
    wrong = [ends for ends, what in wanted.items() if found.get(ends) != what]
    expect(wanted and not wrong, f"of {len(wanted)} streams whose bytes were recorded, these differ: {wrong}")
    root.inside("restitch", "log", "-q", "-o", "/log", "/sample.pcapng")
    expect((root.folder / "log/conn.log").stat().st_size > 1000, "no conn.log")
    expect(list(root.folder.glob("usr/lib/systemd/system/restitch@.service")), "no unit")
    check_man_pages(root)


def check_man_pages(root):
    pages = sorted(page.name.split(".")[0] for page in root.folder.glob("usr/share/man/man1/restitch*.gz"))
    if not pages:
        print("  no man pages in it (yet)")
        return
    root.install("man-db")
    for page in pages:
        text = root.inside("man", "--warnings", "1", page, env={"MANWIDTH": "80"})
        expect(len(text.splitlines()) > 10 and "NAME" in text, f"{page}(1): {text[:200]}")


def check_development(root):
    """A program built by this machine's compiler with what the package brought runs there."""
    env = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(root.folder),
               PKG_CONFIG_LIBDIR=":".join(str(path) for path in root.folder.glob("usr/lib/*/pkgconfig")))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "restitch"], capture_output=True, text=True, env=env,
                           check=False)
    expect(flags.returncode == 0, flags.stderr)
    includes = ["-isystem", root.folder / "usr/include"]  # of libexpected-dev, which pkg-config takes for known
    links = [f"-Wl,-rpath-link,{path}" for path in root.folder.glob("usr/lib/*-linux-gnu")]
    clean_root.run("c++", "-std=c++20", "-O0", *includes, ROOT / "tests/consumer/consumer.cc",
                   *shlex.split(flags.stdout), *links, "-o", root.folder / "consumer")
    root.put(SAMPLE, "sample.pcapng")
    root.inside("/consumer", "/sample.pcapng")


def check_python(root):
    root.put(SAMPLE, "sample.pcapng")
    program = "import restitch; print(sum(1 for _ in restitch.connections('/sample.pcapng')))"
    count = root.inside("python3", "-c", program).strip()
    expect(count.isdigit() and int(count) > 20, f"Python sees {count} connections")


CHECKS = {"librestitch-dev": check_development, "restitch": check_command, "python3-restitch": check_python}


def lintian(packages):
    if shutil.which("lintian") is None:
        print("lintian: not there, skipped")
        return
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", "--display-level", "warning", *packages],
                          capture_output=True, text=True, check=False)
    print(done.stdout)
    expect(done.returncode == 0, f"lintian: {done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/restitch-packages")
    args = parser.parse_args()
    packages = sorted(args.packages.glob("*.deb"))
    expect(len(packages) >= 3, f"{args.packages}: {len(packages)} packages; make deb builds them")
    lintian(packages)
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("skipped: it takes root and debootstrap to make a clean root")
        return SKIPPED
    started = time.monotonic()
    try:
        archive = clean_root.base_archive(args.cache)
    except (clean_root.NotPermitted, OSError, subprocess.CalledProcessError) as error:
        print(f"skipped: {error}")
        return SKIPPED
    print(f"clean root: {time.monotonic() - started:.0f} s")
    for package in packages:
        name = package.name.split("_")[0]
        print(f"{name}:", flush=True)
        started = time.monotonic()
        with clean_root.CleanRoot(archive, args.packages) as root:
            root.install(name)
            CHECKS.get(name, check_libraries)(root)
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    print(f"{len(packages)} packages, each installed alone and used")
    return 0


if __name__ == "__main__":
    sys.exit(main())
