#!/usr/bin/env python3
"""Whether the manual pages say what the command says of itself.

    man_pages.py TOOL FOLDER   of a built program, and the folder with its pages and their .scd; names each offence
    man_pages.py --self-test

Each page renders without a warning (man, and mandoc where it is found). The flags in the page of a command are those
of its --help-all, with the same names, and each word that can stand for a value is in the page. Exit 77 where the
pages are not built, or there is no man.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
COMMANDS = ["streams", "extract", "follow", "diff", "log", "grep", "har", "batch", "sense", "work", "cluster"]
PAGES = ["restitch.1", "restitch-json.5", "librestitch.3", *(f"restitch-{command}.1" for command in COMMANDS)]


def help_flags(text):
    """{"-c, --count", ...}: the names at the beginning of a line of --help-all."""
    found = re.findall(r"^  (?:    )?((?:-\w, )?--[\w-]+)", text, re.MULTILINE)
    return set(found)


def page_flags(source):
    """The same of a page's source: *-c*, *--count* _N_."""
    lines = re.findall(r"^(\*-[^\n]*)", source, re.MULTILINE)
    names = [re.findall(r"\*(-\w|--[\w-]+)\*", line) for line in lines]
    return {", ".join(name) for name in names if name}


def differences(page, source, text):
    said, known = page_flags(source), help_flags(text)
    if not known:
        yield f"{page}: --help-all names no flag"
    yield from (f"{page}: {flag} is missing" for flag in sorted(known - said))
    yield from (f"{page}: there is no flag {flag}" for flag in sorted(said - known))


def paragraph_of(source, flag):
    found = re.search(rf"^\*(?:[^\n]*\*, \*)?{flag}\*.*?\n\n", source, re.MULTILINE | re.DOTALL)
    return found.group(0) if found else ""


def missing_words(page, source, flag, words):
    paragraph = paragraph_of(source, flag)
    return [f"{page}: {flag} can be {word}, and its paragraph does not say so" for word in words
            if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", paragraph)]


def rendering_offences(page):
    env = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80", MANROFFSEQ="")
    done = subprocess.run(["man", "-l", "--warnings", page], capture_output=True, text=True, env=env, check=False)
    yield from (f"{page.name}: {line}" for line in done.stderr.splitlines())
    if done.returncode != 0 or "NAME" not in done.stdout:
        yield f"{page.name}: man does not render it (status {done.returncode})"
    if shutil.which("mandoc"):  # the warnings are about the empty paragraphs that scdoc makes
        done = subprocess.run(["mandoc", "-Tlint", "-W", "error", page], capture_output=True, text=True, check=False)
        yield from done.stdout.splitlines()


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def words_behind(tool, *words):
    return [line.split("\t")[0] for line in output(tool, "__complete", *words, "").splitlines()[1:]]


def words_of(tool, command, flag):
    """None behind one that takes no value: there stands what may stand without it."""
    words = words_behind(tool, command, flag)
    return [] if words == words_behind(tool, command) else words


def check(tool, folder):
    for name in PAGES:
        page = folder / name
        if not page.exists():
            yield f"{name}: there is no such page"
            continue
        yield from rendering_offences(page)
    seen = {""}  # what commands have in common is looked at once
    for command in COMMANDS:
        name = f"restitch-{command}.1"
        source = (folder / f"{name}.scd").read_text(encoding="utf-8")
        text = output(tool, command, "--help-all")
        yield from differences(name, source, text)
        for flag in sorted(flag.split(", ")[-1] for flag in help_flags(text)):
            paragraph = paragraph_of(source, flag)
            if paragraph not in seen and flag != "--interface":  # whose words are this host's
                seen.add(paragraph)
                yield from missing_words(name, source, flag, words_of(tool, command, flag))


def self_test():
    text = "Usage: x\n\nOutput:\n  -c, --count N   Stop after --other\n      --json      Lines\n"
    good = "## Output\n\n*-c*, *--count* _N_\n\tStop, *first* or *old-linux*.\n\n*--json*\n\tLines.\n\nend\n"
    cases = {"as good": (good, 0), "a flag is missing": (good.replace("*--json*\n", "*json*\n"), 1),
             "a flag too many": (good + "*--yaml*\n\tNo.\n", 1), "a short name is missing": (good.replace("*-c*, ", ""), 2)}
    failures = []
    for name, (source, expected) in cases.items():
        found = list(differences("page", source, text))
        print(f"{name}: {found}")
        if len(found) != expected:
            failures.append(f"{name}: {len(found)} offences, not {expected}")
    if missing_words("page", good, "--count", ["first", "old-linux"]) or \
            len(missing_words("page", good, "--count", ["linux", "last"])) != 2 or \
            len(missing_words("page", good, "--json", ["first"])) != 1:
        failures.append("words of a flag are not looked for in its paragraph")
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "bad.1"
        page.write_text('.TH "bad" "1"\n.SH NAME\nbad \\- \\[nosuchcharacter]\n')
        found = list(rendering_offences(page))
        print(f"a character that there is not: {found}")
        if not found:
            failures.append("a warning of man is not found")
    return failures


def main():
    if not shutil.which("man"):
        return SKIPPED
    if sys.argv[1:] == ["--self-test"]:
        offences = self_test()
    else:
        tool, folder = sys.argv[1], Path(sys.argv[2])
        if not folder.is_dir():
            print("the manual pages are not built: no scdoc")
            return SKIPPED
        offences = list(check(tool, folder))
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
