#!/usr/bin/env python3
"""Installs a build of restitch and uses it as a stranger would: by find_package, by pkg-config and a
plain compiler, and from a tree that was moved after the install. What a user must not do (misuse.cc) ends the
program with a line that names the rule, whether he compiles with NDEBUG or without. `--subdirectory` adds the way
by add_subdirectory, which compiles the modules it takes once more."""
import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "guards"))
import hardening  # of tests/guards
SAMPLE = ROOT / "tests" / "data" / "sample.pcapng"


def run(*command, env=None):
    command = [str(part) for part in command]
    print("+", shlex.join(command), flush=True)
    return subprocess.run(command, check=True, env=env)


def output(*command, env=None):
    return subprocess.run([str(part) for part in command], check=True, env=env, capture_output=True,
                          text=True).stdout


def install(args, prefix):
    """Installs to one place and moves the tree to another: nothing in it may name where it was."""
    first = prefix.with_name("installed-first")
    run(args.cmake, "--install", args.build, "--prefix", first)
    first.rename(prefix)
    for name in ("restitchConfig.cmake", "restitchTargets.cmake", "restitch.pc"):
        for path in prefix.rglob(name):
            for place in (ROOT, args.build):
                if str(place) in path.read_text(encoding="utf-8"):
                    sys.exit(f"{name} names {place}")


def build_with_cmake(args, folder, *options):
    run(args.cmake, "-G", "Ninja", "-S", HERE, "-B", folder, f"-DCMAKE_CXX_COMPILER={args.cxx}",
        f"-DCMAKE_CXX_FLAGS={args.flags}", *options)
    run(args.cmake, "--build", folder, "--target", "consumer")
    run(folder / "consumer", SAMPLE)


def check_components(args, folder, prefix):
    """A component that there is not is refused in one line, which names those that there are."""
    folder.mkdir()
    project = "cmake_minimum_required(VERSION 3.25)\nproject(asks LANGUAGES CXX)\nfind_package(restitch {})\n"
    for ask, found in (("REQUIRED COMPONENTS packet output", True), ("REQUIRED COMPONENTS packet plumbing", False),
                       ("COMPONENTS packet OPTIONAL_COMPONENTS plumbing", True)):
        (folder / "CMakeLists.txt").write_text(project.format(ask), encoding="utf-8")
        asked = subprocess.run([args.cmake, "-S", folder, "-B", folder / "build", "--fresh",
                                f"-DCMAKE_CXX_COMPILER={args.cxx}", f"-DCMAKE_PREFIX_PATH={prefix}"],
                               capture_output=True, text=True)
        said = " ".join(asked.stderr.split())
        if (asked.returncode == 0) != found:
            sys.exit(f"find_package(restitch {ask}): {said}")
        if not found and "restitch has no component plumbing; it has base, packet, capture" not in said:
            sys.exit(said)


def looked_for(folder):
    """Which of the libraries that only some of the tree needs CMake has looked for, by its cache."""
    cache = (folder / "CMakeCache.txt").read_text(encoding="utf-8")
    traces = {"CLI11": "CLI11_INCLUDE_DIR", "zlib": "ZLIB_LIBRARY", "OpenSSL": "OPENSSL_CRYPTO_LIBRARY", "fmt": "fmt_DIR",
              "libpcap": "libpcap_FOUND", "zstd": "libzstd_FOUND", "liblzma": "liblzma_FOUND"}
    return {name for name, entry in traces.items() if f"\n{entry}" in cache}


def check_frugality(args, work):
    """Who adds the tree gets no command, nor what only that needs; who takes one module, nothing that others need."""
    found = looked_for(work / "subdirectory")
    if found:
        sys.exit(f"RESTITCH_MODULES=packet looks for {sorted(found)}")
    whole = work / "subdirectory_whole"
    run(args.cmake, "-G", "Ninja", "-S", HERE, "-B", whole, f"-DCMAKE_CXX_COMPILER={args.cxx}",
        f"-DRESTITCH_SOURCE={ROOT}")
    if looked_for(whole) & {"CLI11"} or "zlib" not in looked_for(whole):
        sys.exit(f"add_subdirectory looks for {sorted(looked_for(whole))}")
    targets = output(args.cmake, "--build", whole, "--target", "help")
    if "restitch_cli" in targets or "restitch_engine" not in targets:
        sys.exit("add_subdirectory has the wrong targets")


def build_with_pkg_config(args, folder, prefix):
    (pc_file,) = prefix.rglob("restitch.pc")
    env = dict(os.environ, PKG_CONFIG_PATH=str(pc_file.parent))
    folder.mkdir()
    flags = shlex.split(output("pkg-config", "--cflags", "--libs", "restitch", env=env))
    # The headers are the user's code to his compiler here, so they have to be clean of warnings.
    run(args.cxx, "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *shlex.split(args.flags),
        HERE / "consumer.cc", *flags, "-o", folder / "consumer")
    run(folder / "consumer", SAMPLE, env=dict(os.environ, LD_LIBRARY_PATH=str(pc_file.parent.parent)))


def check_misuse(args, folder, prefix):
    """Each misuse is met by an abort, one line on standard error and nothing else."""
    for build_type in ("Release", "Debug"):  # with NDEBUG and without
        build = folder / build_type
        run(args.cmake, "-G", "Ninja", "-S", HERE, "-B", build, f"-DCMAKE_CXX_COMPILER={args.cxx}",
            f"-DCMAKE_CXX_FLAGS={args.flags}", f"-DCMAKE_BUILD_TYPE={build_type}", f"-DCMAKE_PREFIX_PATH={prefix}")
        run(args.cmake, "--build", build, "--target", "misuse")
        misuses = [line.split("\t") for line in output(build / "misuse").splitlines()]
        for name, rule in misuses:
            done = subprocess.run([build / "misuse", name], capture_output=True, text=True, timeout=60)
            if (done.returncode, done.stdout, done.stderr) != (-signal.SIGABRT, "", f"restitch: {rule}\n"):
                sys.exit(f"misuse {name}, {build_type}: status {done.returncode}, standard error '{done.stderr}', "
                         f"where it breaks the rule '{rule}'")
        print(f"{len(misuses)} kinds of misuse, {build_type}: each ended by its rule")


def check_search(*programs):
    """No program or library of ours looks for libraries in the folder that it happens to be called from."""
    wrong = [what for program in programs for what in hardening.wrong_search(program)]
    if wrong:
        sys.exit("\n".join(wrong))


def run_tools(build, prefix):
    for folder, tool in ((build, build / "restitch"), (prefix, prefix / "bin" / "restitch")):
        if tool.exists():
            run(tool, "--version")
            check_search(tool, *folder.rglob("librestitch_*.so"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build folder to install from")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--flags", default="", help="compiler flags that the build needs: sanitizers")
    parser.add_argument("--subdirectory", action="store_true")
    args = parser.parse_args()

    args.build = str(Path(args.build).resolve())
    work = Path(args.build) / "consumer"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    prefix = work / "installed"
    install(args, prefix)
    build_with_cmake(args, work / "find_package", f"-DCMAKE_PREFIX_PATH={prefix}")
    build_with_pkg_config(args, work / "pkg_config", prefix)
    check_components(args, work / "components", prefix)
    check_misuse(args, work / "misuse", prefix)
    if args.subdirectory:
        build_with_cmake(args, work / "subdirectory", f"-DRESTITCH_SOURCE={ROOT}", "-DRESTITCH_MODULES=packet")
        check_frugality(args, work)
    run_tools(Path(args.build), prefix)
    print("installed, found, built and run")


if __name__ == "__main__":
    main()
