#!/usr/bin/env python3
"""Whether systemd takes our unit, and what an intruder could do from it.

    service.py UNIT [PROGRAM]   systemd-analyze verify, and security: an exposure of at most 2.0. PROGRAM stands in for
                                the command, where that is not installed
    service.py --self-test      show that a unit that is wrong, and one that is open, are found

Exit 77 where there is no systemd-analyze.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIPPED = 77
EXPOSURE_MAX = 2.0


def analyze(*arguments):
    run = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def complaints(text):
    """What is wrong with a template unit. It is looked at as instance eth0, by itself."""
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "restitch@eth0.service"
        unit.write_text(text, encoding="utf-8")
        status, said = analyze("verify", "--recursive-errors=no", "--man=no", str(unit))
        if status != 0 or said:
            yield f"systemd-analyze verify: {said.strip() or status}"
        status, said = analyze("security", "--offline=yes", "--no-pager", str(unit))
        found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
        if status != 0 or not found:
            yield f"systemd-analyze security: {said.strip()[-200:]}"
            return
        print(f"exposure {found[1]}, at most {EXPOSURE_MAX}")
        if float(found[1]) > EXPOSURE_MAX:
            yield f"an exposure of {found[1]}, above {EXPOSURE_MAX}"


def self_test():
    start = "[Service]\nType=notify\nExecStart=/bin/true\n"
    failures = []
    for what, text in (("a word that systemd does not know", start + "ProtectSystem=strictly\n"),
                       ("a service without bounds", start)):
        found = list(complaints(text))
        print(f"{what}: {found}")
        if not found:
            failures.append(f"{what} is not found")
    return failures


def main(arguments):
    if shutil.which("systemd-analyze") is None:
        print("skipped: no systemd-analyze")
        return SKIPPED
    if arguments == ["--self-test"]:
        offences = self_test()
    else:
        text = Path(arguments[0]).read_text(encoding="utf-8")
        if len(arguments) > 1:
            text = re.sub(r"^ExecStart=\S+", f"ExecStart={arguments[1]}", text, flags=re.MULTILINE)
        offences = list(complaints(text))
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
