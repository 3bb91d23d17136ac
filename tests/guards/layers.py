#!/usr/bin/env python3
"""Each file of the library includes only lower ranks or its own module, and what a public header declares can be
used from a shared library.

    layers.py ROOT         check the tree; exit 1 and name every offence
    layers.py --self-test  show, on small trees made for it, that each kind of offence is found

The table below is the one place that says which module stands where and which public header is whose.
"""
import re
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

RANKS = {"base": 0, "packet": 1, "capture": 1, "reassembly": 2, "engine": 3, "output": 3, "app": 4, "batch": 4, "cluster": 4, "cli": 5, "c": 5,
         "python": 6}

# Those that are no module of the library: what they are built from stands in their own CMakeLists.txt.
PROGRAMS = {"cli", "python"}

# Modules that see of all others nothing but these: Python is built on what C programs have.
ONLY_ALLOWED = {"python": {"c"}}

# Modules of equal rank do not know each other, but for these pairs: a record names its link type.
ALSO_ALLOWED = {("capture", "packet")}

# include/restitch/: the first pattern that fits decides. "all" is the umbrella, for users and the command.
PUBLIC_HEADERS = [
    ("restitch.h", "all"),
    ("export.h", "base"),
    ("c.h", "c"),
    ("result.h", "base"),
    ("capture_info.h", "base"),
    ("sequence.h", "packet"),
    ("packet.h", "packet"),
    ("tcp_helpers.h", "packet"),
    ("defragmenter.h", "packet"),
    ("mirror_copies.h", "packet"),
    ("capture.h", "capture"),
    ("capture_clock.h", "reassembly"),
    ("capture_*.h", "capture"),
    ("stream.h", "reassembly"),
    ("packet_context.h", "reassembly"),
    ("assembler.h", "reassembly"),
    ("basic_assembler.h", "reassembly"),
    ("assembler_base.h", "reassembly"),
    ("stream_pool_base.h", "reassembly"),
    ("receiver.h", "reassembly"),
    ("receiver_table.h", "reassembly"),
    ("transmission.h", "reassembly"),
    ("events.h", "reassembly"),
    ("options.h", "reassembly"),
    ("limits.h", "reassembly"),
    ("detail/block.h", "base"),
    ("detail/prefetch.h", "base"),
    ("detail/require.h", "base"),
    ("detail/block_source.h", "base"),
    ("detail/flow_hash.h", "packet"),
    ("detail/engine_*.h", "engine"),
    ("detail/*.h", "reassembly"),
    ("feed.h", "engine"),
    ("engine.h", "engine"),
    ("output*.h", "output"),
    ("app/*.h", "app"),
    ("cluster/*.h", "cluster"),
]

# What a module promises to do without, by the system headers it would need.
CLOCKS = ["ctime", "time.h", "sys/time.h"]
THREADS = ["thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch",
           "barrier", "stop_token", "pthread.h"]
FILES = ["fstream", "iostream", "cstdio", "stdio.h", "filesystem", "fcntl.h", "unistd.h", "sys/*.h"]
FORBIDDEN_SYSTEM_HEADERS = {
    "base": THREADS + ["pcap*", "zlib.h", "openssl/*"],
    "packet": THREADS + FILES + CLOCKS + ["pcap*", "zlib.h", "openssl/*", "fmt/*"],
    "capture": ["openssl/*"],
    "reassembly": THREADS + FILES + CLOCKS + ["chrono", "pcap*", "zlib.h", "openssl/*", "fmt/*"],
    "engine": ["openssl/*", "zlib.h"],
    "output": THREADS + ["zlib.h"],
    "app": THREADS + FILES + CLOCKS,
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
HIDDEN_NAMESPACE = re.compile(r"^namespace\s+restitch\b", re.MULTILINE)  # without RESTITCH_API
COMMENT = re.compile(r"#.*")
MODULE = re.compile(r"\brestitch_module\s*\(([^)]*)\)")
LINK = re.compile(r"\btarget_link_libraries\s*\(\s*restitch_(\w+)([^)]*)\)")
KEYWORD = re.compile(r"[A-Z_]+")

# What analyzers of several threads share, and the one that reads packets fills.
ALLOWED_SYSTEM_HEADERS = {("include/restitch/app/tls_secrets.h", "shared_mutex"), ("src/app/tls_secrets.cc", "mutex")}


def public_owner(name):
    return next((owner for pattern, owner in PUBLIC_HEADERS if fnmatch(name, pattern)), None)


def owner_of_file(path):
    """The module of a file below src/ or include/restitch/, or None."""
    if path.parts[0] == "include":
        return public_owner("/".join(path.parts[2:])) if path.parts[1] == "restitch" else None
    return path.parts[1] if len(path.parts) > 2 and path.parts[1] in RANKS else None


def owner_of_include(root, name):
    """The module that `#include "name"` reaches, or None for a name that is nobody's."""
    first, _, rest = name.partition("/")
    if first == "restitch":
        return public_owner(rest)
    return first if first in RANKS and (root / "src" / name).is_file() else None


def may_use(user, used):
    if user == used or user == "all" or (user, used) in ALSO_ALLOWED:
        return True
    if used == "all":
        return user == "cli"
    if user in ONLY_ALLOWED:
        return used in ONLY_ALLOWED[user]
    return RANKS[used] < RANKS[user]


def check_file(root, path):
    owner = owner_of_file(path)
    if owner is None:
        yield f"{path}: belongs to no module: name it in tests/guards/layers.py"
        return
    text = (root / path).read_text(encoding="utf-8")
    if path.parts[0] == "include" and HIDDEN_NAMESPACE.search(text):
        yield f"{path}: opens the namespace as `namespace restitch`, not as `namespace RESTITCH_API restitch`"
    for quoted, system in INCLUDE.findall(text):
        if system:
            if (str(path), system) in ALLOWED_SYSTEM_HEADERS:
                continue
            if any(fnmatch(system, pattern) for pattern in FORBIDDEN_SYSTEM_HEADERS.get(owner, [])):
                yield f"{path}: {owner} does without <{system}>"
            continue
        used = owner_of_include(root, quoted)
        if used is None:
            yield f'{path}: includes "{quoted}", which no module owns'
        elif path.parts[0] == "include" and not quoted.startswith("restitch/"):
            yield f'{path}: a public header includes the internal "{quoted}"'
        elif not may_use(owner, used):
            yield f'{path}: {owner} may not include "{quoted}" of {used}'


def behind_keyword(words, keyword):
    """The words behind a keyword of a CMake call, up to the next keyword; it may stand there several times."""
    current = None
    for word in words:
        if KEYWORD.fullmatch(word):
            current = word
        elif current == keyword:
            yield word


def link_edges(text):
    """(module, used) for every link between modules that a CMake file declares."""
    text = COMMENT.sub("", text)
    for call in MODULE.findall(text):
        words = call.split()
        yield from ((words[0], used) for used in behind_keyword(words[1:], "DEPENDS"))
    for name, rest in LINK.findall(text):
        for used in re.findall(r"\brestitch(?:_|::)(\w+)", rest):
            if name in RANKS and used in RANKS:
                yield name, used


def check_cmake(root):
    """The link graph keeps the ranks too, and has every module but those that are programs."""
    main = COMMENT.sub("", (root / "CMakeLists.txt").read_text(encoding="utf-8"))
    declared = {call.split()[0] for call in MODULE.findall(main)}
    if declared != set(RANKS) - PROGRAMS:
        yield f"CMakeLists.txt: its modules are {sorted(declared)}"
    files = [root / "CMakeLists.txt", *(root / "src").rglob("CMakeLists.txt"), *(root / "cmake").rglob("*.cmake")]
    for path in sorted(files):
        for name, used in link_edges(path.read_text(encoding="utf-8")):
            if name in RANKS and not (used in RANKS and may_use(name, used)):
                yield f"{path.relative_to(root)}: {name} may not depend on {used}"


def check_tree(root):
    offences = list(check_cmake(root))
    files = [path.relative_to(root) for folder in ("include", "src") for path in (root / folder).rglob("*")
             if path.suffix in {".h", ".cc", ".hpp", ".cpp", ".inc"}]
    for path in sorted(files):
        offences += check_file(root, path)
    return offences, len(files)


GOOD_CMAKE = "restitch_module(base)\n" + "".join(
    f"restitch_module({name} DEPENDS base PRIVATE some::library)\n" for name in RANKS if name not in {"base", *PROGRAMS})
GOOD_TREE = {
    "CMakeLists.txt": GOOD_CMAKE,
    "include/restitch/packet.h": '#include "restitch/result.h"\n',
    "include/restitch/result.h": "#include <string>\nnamespace RESTITCH_API restitch {\nnamespace detail {}\n}\n",
    "src/packet/decode.cc": '#include "base/bytes.h"\n#include "restitch/packet.h"\n',
    "src/base/bytes.h": "",
    "src/engine/engine.cc": "#include <thread>\n",
    "src/cli/main.cc": '#include "restitch/restitch.h"\n#include "base/bytes.h"\n',
    "include/restitch/restitch.h": '#include "restitch/packet.h"\n',
}
BAD_FILES = {
    "a higher rank": ("src/packet/bad.cc", '#include "engine/shard.h"', {"src/engine/shard.h": ""}),
    "an equal rank": ("src/output/bad.cc", '#include "restitch/engine.h"', {}),
    "an equal rank, the other way of an exception": ("src/packet/bad.cc", '  #  include "restitch/capture.h"', {}),
    "the umbrella": ("src/engine/bad.cc", '#include "restitch/restitch.h"', {}),
    "an unknown public header": ("include/restitch/mystery.h", "", {}),
    "an include that nobody owns": ("src/packet/bad.cc", '#include "bytes.h"', {}),
    "an internal header in a public one": ("include/restitch/stream.h", '#include "base/bytes.h"', {}),
    "a public header whose names the shared libraries hide": (
        "include/restitch/stream.h", "namespace restitch::detail {}\n", {}),
    "the library behind its C interface": ("src/python/bad.cc", '#include "restitch/stream.h"', {}),
    "C and the command": ("src/c/bad.cc", '#include "cli/options.h"', {"src/cli/options.h": ""}),
    "an unknown module": ("src/magic/bad.cc", "", {}),
    "a thread in the core": ("src/reassembly/bad.cc", "#include <thread>", {}),
    "a link against the ranks": ("CMakeLists.txt", GOOD_CMAKE.replace("packet DEPENDS base", "packet DEPENDS engine"), {}),
    "a link against the ranks, behind flags": (
        "CMakeLists.txt", GOOD_CMAKE.replace("packet DEPENDS base", "packet ONE_UNIT UNCHECKED\n  DEPENDS base engine"), {}),
    "a link against the ranks, behind others": (
        "CMakeLists.txt", GOOD_CMAKE.replace("packet DEPENDS base PRIVATE some::library",
                                             "packet PRIVATE some::library DEPENDS base engine"), {}),
    "a link added later": (
        "src/packet/CMakeLists.txt", "target_link_libraries(restitch_packet PRIVATE restitch_base restitch::engine)\n", {}),
    "a missing module": ("CMakeLists.txt", GOOD_CMAKE.replace("restitch_module(base)\n", ""), {}),
}


def offences_of(files):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return check_tree(root)[0]


def self_test():
    failures = [f"a good tree is refused: {offence}" for offence in offences_of(GOOD_TREE)]
    for what, (name, text, others) in BAD_FILES.items():
        found = offences_of({**GOOD_TREE, **others, name: text})
        print(f"{what}: {found}")
        if len(found) != 1 or not found[0].startswith(name):
            failures.append(f"{what} is not found as one offence of {name}: {found}")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        offences = self_test()
    else:
        offences, count = check_tree(Path(sys.argv[1]))
        print(f"{count} files, {len(offences)} offences")
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
