#!/usr/bin/env python3
"""tools/setup.sh waits while another installation holds a lock, and for nothing else. apt-get is a stand-in here, which
finds its lists locked the first two times."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "tools" / "setup.sh"
APT = """#!/bin/sh
echo "$@" >> {folder}/calls
[ "$(grep -c update {folder}/calls)" -gt {failures} ] && exit 0
echo "E: {message}" >&2
exit 100
"""


def run(failures, message, patience):
    """The exit status, and what apt-get was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("apt-get", APT.format(folder=folder, failures=failures, message=message)),
                           ("sudo", '#!/bin/sh\nexec "$@"\n')):
            program = Path(folder) / name
            program.write_text(text, encoding="utf-8")
            program.chmod(0o755)
        wanted = Path(folder) / "list"
        wanted.write_text("# a comment\nno-such-package-of-restitch\n", encoding="utf-8")
        done = subprocess.run([SETUP, wanted], capture_output=True, text=True, check=False,
                              env=dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", SETUP_PATIENCE=patience))
        calls = (Path(folder) / "calls").read_text(encoding="utf-8").splitlines()
        return done.returncode, ["update" if "update" in call else call.split()[-1] for call in calls]


def main():
    lock = "Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt)"
    cases = {
        "a lock that is given back": (run(2, lock, "60"), (0, ["update"] * 3 + ["no-such-package-of-restitch"])),
        "a lock that is kept": (run(9, lock, "0"), (1, ["update"])),
        "another failure": (run(2, "No network", "60"), (1, ["update"])),
    }
    wrong = [f"{what}: {found}, not {wanted}" for what, (found, wanted) in cases.items() if found != wanted]
    print("\n".join(wrong) or "waits for locks alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
