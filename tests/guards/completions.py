#!/usr/bin/env python3
"""Whether the shells complete what the command takes, each shell that is installed with its own machinery.

    completions.py TOOL FOLDER   of a built program, and the folder with the completions
    completions.py --self-test FOLDER   shows that a program that offers something else is found out

Bash runs its function with COMP_WORDS as readline makes them; zsh is typed to, in a terminal, and inserts all matches;
fish says what it would offer. A shell that is not installed is named, and left out; without any: exit 77.
"""
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

SKIPPED = 77
PATIENCE_S = 300

# What is typed behind "restitch", and all that may stand in place of its last word.
CASES = [
    (["extr"], {"extract"}),
    (["streams", "--js"], {"--json"}),
    (["follow", "0", "-T", ""], {"ascii", "hex", "raw", "yaml", "bytes", "http"}),
    (["log", "--format=zeek"], {"--format=zeek", "--format=zeek-json"}),
    (["--receiver", "windows2"], {"windows2k3"}),
    (["--receiver", "10.0.0.0/8=windows2"], {"10.0.0.0/8=windows2k3"}),
    (["diff", "--receivers", "first,sol"], {"first,solaris"}),
    (["--timeout", "half-o"], {"half-open="}),
    (["--sort", "s"], {"start"}),
    (["log", "--format", "nothing"], set()),
    (["capt"], {"capture.pcap"}),
    (["grep", "--in", "o"], {"objects"}),
    (["-q", "--read", "capt"], {"capture.pcap"}),
    (["extract", "-o", "fol"], {"folder"}),
    (["follow", "-T", "hex", "0", "fol"], {"folder", "folly.pcap"}),
    (["--", "capt"], {"capture.pcap"}),
    (["sen"], {"sense"}),
    (["batch", "m"], {"map"}),
    (["cluster", "c"], {"create", "check", "cat"}),
    (["cluster", "cat", "--out"], {"--output"}),
    (["work", "-o", "fol"], {"folder"}),
    (["work", "--receiver", "windows2"], {"windows2k3"}),
    (["sense", "--sensor", "left", "capt"], {"capture.pcap"}),
    (["sense", "--creds", "capt"], {"capture.pcap"}),
]


def place_files(folder):
    (folder / "folder").mkdir()
    for name in ("capture.pcap", "folly.pcap"):
        (folder / name).touch()


class Bash:
    SCRIPT = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _restitch; printf "%s\\n" "${COMPREPLY[@]}"'

    def __init__(self, completions, tool, folder):
        self.file, self.tool, self.folder = completions / "restitch.bash", tool, folder

    def complete(self, words):
        """With the words as COMP_WORDBREAKS has them, and what replaces the last of them put back into the whole."""
        pieces = [piece for word in words for piece in re.split(r"([=:])", word) if piece or not word]
        if words[-1].endswith("="):
            pieces.append("")
        done = subprocess.run(["bash", "--norc", "-c", self.SCRIPT, "bash", self.file, self.tool, *pieces], check=True,
                              capture_output=True, text=True, cwd=self.folder, timeout=PATIENCE_S)
        start = words[-1][:len(words[-1]) - len(pieces[-1])]
        return {start + line for line in done.stdout.splitlines() if line}

    def close(self):
        pass


class Fish:
    def __init__(self, completions, tool, folder):
        self.file, self.folder = completions / "restitch.fish", folder
        self.env = dict(os.environ, PATH=f"{tool.parent}:{os.environ['PATH']}", HOME=str(folder), TERM="dumb")

    def complete(self, words):
        done = subprocess.run(["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", str(self.file),
                               " ".join(["restitch", *words])], check=True, capture_output=True, text=True,
                              cwd=self.folder, env=self.env, timeout=PATIENCE_S)
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    def close(self):
        pass


class Zsh:
    """A shell in a terminal of its own; what stands in its line comes back through a named pipe."""
    SETTINGS = """
fpath=({completions} $fpath)
autoload -Uz compinit && compinit -D -u
PS1= RPS1=
all() {{ _main_complete; compstate[insert]=all }}
zle -C all complete-word all
bindkey '^I' all
tell() {{ print -r -- "$BUFFER" >{pipe}; BUFFER= }}
zle -N tell
bindkey '^T' tell
zle-line-init() {{ print ready >{pipe}; zle -D zle-line-init }}
zle -N zle-line-init
"""

    def __init__(self, completions, tool, folder):
        home = folder / ".zsh"
        home.mkdir()
        self.pipe = home / "pipe"
        os.mkfifo(self.pipe)
        self.answers = os.open(self.pipe, os.O_RDWR)  # for writing too: so no reader comes to its end
        (home / ".zshrc").write_text(self.SETTINGS.format(completions=completions, pipe=self.pipe))
        env = dict(os.environ, PATH=f"{tool.parent}:{os.environ['PATH']}", ZDOTDIR=str(home), TERM="dumb")
        self.terminal, other = pty.openpty()
        self.shell = subprocess.Popen(["zsh", "-d", "-i"], stdin=other, stdout=other, stderr=other, cwd=folder, env=env,
                                      start_new_session=True)
        os.close(other)
        threading.Thread(target=self.drain, daemon=True).start()
        self.answer()

    def drain(self):
        try:
            while os.read(self.terminal, 4096):
                pass
        except OSError:
            pass

    def answer(self):
        said = b""
        while not said.endswith(b"\n"):
            if not select.select([self.answers], [], [], PATIENCE_S)[0]:
                sys.exit(f"zsh: no answer for {PATIENCE_S} s")
            said += os.read(self.answers, 4096)
        return said.decode().rstrip("\n")

    def complete(self, words):
        before = " ".join(["restitch", *words[:-1], ""])
        os.write(self.terminal, (before + words[-1] + "\t\x14").encode())
        found = self.answer()[len(before):].split()
        return set() if found == [words[-1]] and words[-1] not in {"--format=zeek"} else set(found)

    def close(self):
        self.shell.kill()
        self.shell.wait()
        os.close(self.answers)


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def offences_of(shell, complete, flags):
    cases = CASES + [(["extract", "--"], flags)]
    for words, expected in cases:
        found = {word.rstrip("/") for word in complete(words)}
        if found != expected:
            yield f"{shell}: {' '.join(words)}: {sorted(found)}, not {sorted(expected)}"


def check(tool, completions):
    text = subprocess.run([tool, "extract", "--help-all"], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.MULTILINE))
    if "--pcap" not in flags:
        yield "--help-all does not name --pcap"
    for name, kind in SHELLS.items():
        if not shutil.which(name):
            print(f"{name} is not installed")
            continue
        with tempfile.TemporaryDirectory() as place:
            place_files(Path(place))
            shell = kind(completions, tool, Path(place))
            try:
                found = list(offences_of(name, shell.complete, flags))
            finally:
                shell.close()
            print(f"{name}: {len(CASES) + 1} lines completed, {len(found)} of them wrong")
            yield from found


def self_test(completions):
    with tempfile.TemporaryDirectory() as place:
        tool = Path(place) / "restitch"
        tool.write_text("#!/bin/sh\nif [ \"$2\" = --help-all ]; then echo '      --pcap  x'; else "
                        "printf 'nothing\\nelse\\tno\\n'; fi\n")
        tool.chmod(0o755)
        found = list(check(tool, completions))
    shells = [name for name in SHELLS if shutil.which(name)]
    return [f"{shell} is not found out" for shell in shells if not any(line.startswith(shell) for line in found)]


def main():
    if not any(shutil.which(name) for name in SHELLS):
        return SKIPPED
    if sys.argv[1] == "--self-test":
        offences = self_test(Path(sys.argv[2]).resolve())
    else:
        offences = list(check(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
