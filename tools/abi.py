#!/usr/bin/env python3
"""Whether programs that were built with the headers and shared libraries as recorded still run with those of now.

    abi.py BUILD            compare with packaging/abi-N.txt; exit 1 and name what is gone or another one
    abi.py BUILD --record   write that file anew
    abi.py --self-test      show that each kind of change is found

N is RESTITCH_ABI. Recorded are the names that the shared libraries export, and of each class in the installed headers
its size, its alignment and its virtual functions, as GCC lays them out. What is new is no break. Not seen: members that
change places within a class of the same size, and what a function does. Exit 77 without GCC.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = 77
# Other template code belongs to the program that uses it.
INSTANTIATED = re.compile(r"_ZNK?8restitch(15BasicStreamPool|14BasicAssembler)INS_12StreamHandleENS_13StreamFactoryE")
# Made for a lambda inside another function: no program can name it, and whether it is there is up to the optimiser.
OF_LAMBDA = re.compile("EUl")
TEMPLATES = ("restitch::BasicStreamPool<restitch::StreamHandle, restitch::StreamFactory>",
             "restitch::BasicAssembler<restitch::StreamHandle, restitch::StreamFactory>")


def exported(library):
    """Strong names, and the weak ones that headers promise to be there (`extern template`)."""
    listing = subprocess.run(["nm", "--dynamic", "--defined-only", library], capture_output=True, text=True, check=True)
    for line in listing.stdout.splitlines():
        _, kind, name = line.split()
        is_ours = "8restitch" in name or name.startswith("restitch_")
        is_promised = kind == "W" and INSTANTIATED.match(name) and not OF_LAMBDA.search(name)
        if is_ours and (kind in "TDBR" or is_promised):
            yield name


def layouts(dump):
    """`class NAME size=… align=…` and `virtual NAME: functions`, from what -fdump-lang-class wrote."""
    for block in dump.split("\n\n"):
        lines = block.splitlines()
        head = lines[0].split(" ", 1) if lines else [""]
        if head[0] == "Class" and is_public(head[1]):
            yield f"class {head[1]} {lines[1].strip()}"
        elif block.startswith("Vtable for restitch::"):
            name = lines[0].removeprefix("Vtable for ")
            functions = [line.split(")", 3)[-1] for line in lines[4:]]
            if is_public(name):
                yield f"virtual {name}: {' '.join(functions)}"


def is_public(name):
    plain = name.startswith("restitch::") and not re.search(r"[<{]|lambda|unnamed", name)
    return plain or name in TEMPLATES


def dump_classes():
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "classes"
        subprocess.run(["g++", "-std=c++20", "-fsyntax-only", f"-fdump-lang-class={dump}", "-I", ROOT / "include",
                        "-include", "restitch/restitch.h", "-include", "restitch/output.h", "-x", "c++", "/dev/null"],
                       check=True)
        return dump.read_text(encoding="utf-8")


def current(build):
    libraries = sorted(Path(build).glob("librestitch_*.so"))
    if not libraries:
        sys.exit(f"{build}: no shared libraries (cmake --preset shared)")
    lines = {f"{library.name} {name}" for library in libraries for name in exported(library)}
    return sorted(lines | set(layouts(dump_classes())))


def broken(recorded, now):
    """What was there and is not, or not as it was."""
    return sorted(set(recorded) - set(now))


def record_path():
    number = re.search(r"^set\(RESTITCH_ABI (\d+)\)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)
    return ROOT / "packaging" / f"abi-{number[1]}.txt"


def self_test():
    dump = """Class restitch::Stream
   size=8 align=8
   base size=8 base align=8
restitch::Stream (0x0x7f0000000000) 0 nearly-empty

Vtable for restitch::Stream
restitch::Stream::_ZTVN8restitch6StreamE: 4 entries
0     (int (*)(...))0
8     (int (*)(...))(& _ZTIN8restitch6StreamE)
16    (int (*)(...))restitch::Stream::accept
24    (int (*)(...))restitch::Stream::on_event

Class std::other
   size=1 align=1

Class restitch::Box<int>
   size=1 align=1
"""
    record = ["librestitch_base.so _ZN8restitch1fEv", *layouts(dump)]
    print("\n".join(record))
    changes = {"nothing": (record, 0), "a function that is gone": (record[1:], 1),
               "a larger class": ([record[0], *layouts(dump.replace("size=8 align", "size=16 align", 1))], 1),
               "other virtual functions": ([record[0], *layouts(dump.replace("Stream::accept", "Stream::take"))], 1),
               "a new function": ([*record, "librestitch_base.so _ZN8restitch1gEv"], 0)}
    wrong = [what for what, (now, count) in changes.items() if len(broken(record, now)) != count]
    print("wrong:", ", ".join(wrong) or "none")
    return 1 if wrong or len(record) != 3 else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if shutil.which("g++") is None:
        print("skipped: no g++")
        return SKIPPED
    now = current(arguments[0])
    path = record_path()
    if arguments[1:] == ["--record"]:
        path.write_text("\n".join(now) + "\n", encoding="utf-8")
        print(f"{path.name}: {len(now)} lines, {path.stat().st_size} bytes")
        return 0
    recorded = path.read_text(encoding="utf-8").splitlines()
    gone = broken(recorded, now)
    print(f"{len(recorded)} promises, {len(gone)} broken; {len(set(now) - set(recorded))} new names")
    if gone:
        print("\n".join(gone))
        print("If this ABI was released, raise RESTITCH_ABI in CMakeLists.txt; then record it: tools/abi.py BUILD --record")
    return 1 if gone else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
