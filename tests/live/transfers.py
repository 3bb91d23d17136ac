#!/usr/bin/env -S python3 -B
"""Captures real HTTP transfers over a bad link while they happen, and compares every stream with its file.

  transfers.py --link LOSSY_LINK --tool RESTITCH --digests LIVE_DIGESTS [--transfers N] BACKEND[:THREADS]…

nginx and curl talk through the link in two namespaces of their own. The tool listens, or with several threads
LIVE_DIGESTS, on the library. Each direction of each connection has to have the bytes and digests that the
endpoints report. A direction that differs is accepted only if the kernel dropped packets, and then only if its
gaps make up for every byte that is missing.
Exit status: 0 all as the endpoints said, 1 not, 77 not permitted here.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FEW = ["--per-client", "8", "--size-min", "2000", "--size-max", "60000"]
MANY = ["--per-client", "125", "--rate", "40000", "--size-min", "20000", "--size-max", "200000"]
LINK = ["--loss", "0.01", "--reorder", "0.02", "--reorder-depth", "50", "--duplicate", "0.005"]


def reason_to_skip():
    missing = [tool for tool in ("ip", "nginx", "curl", "ss") if not shutil.which(tool)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "not root"
    name = f"restitch-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], stderr=subprocess.DEVNULL).returncode != 0:
        return "network namespaces are not permitted"
    tap = subprocess.run(["ip", "-n", name, "tuntap", "add", "dev", "tap0", "mode", "tap"],
                         stderr=subprocess.DEVNULL).returncode
    subprocess.run(["ip", "netns", "del", name], check=True)
    return "TAP devices are not permitted" if tap != 0 else None


def listener(options, backend, messages):
    name, _, threads = backend.partition(":")
    if threads:
        return f"{options.digests} {name} {{interface}} {threads}"
    listen = f"exec {options.tool} streams --json --all -i {{interface}} --backend {name} tcp"
    return f"sh -c '{listen} 2>{messages}'"


def kernel_counts(messages):
    """What the summary of the tool says of its interface."""
    text = messages.read_text()
    found = re.search(r"^interface \S+: (\d+) received, (\d+) dropped by the system, (\d+) by the interface$", text, re.M)
    if not found:
        sys.exit(f"the summary tells nothing of the interface:\n{text}")
    received, lost, lost_before = map(int, found.groups())
    return {"received": received, "dropped": lost + lost_before}


def record(options, backend, directory):
    messages = pathlib.Path(directory) / "messages"
    command = [sys.executable, "-B", ROOT / "tools/record_sample.py", "--link", options.link, "--keep-alive", "2",
               "--transfers", str(options.transfers), *(MANY if options.transfers > 100 else FEW), *LINK,
               "--seconds-max", "300", "--capture", listener(options, backend, messages), directory]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    kernel = kernel_counts(messages) if messages.exists() else rows.pop()
    return kernel, {(row["src"], row["dst"]): row for row in rows if row["bytes"] or row["gaps"]}


def differences(expected, found, dropped):
    """What is wrong about one direction. Only the server's side has a digest: curl does not keep its requests."""
    if found is None:
        return [] if dropped else ["not seen"]
    missing = sum(size for _, size in found["gaps"])
    if missing and not dropped:
        return [f"gaps although nothing was dropped: {found['gaps']}"]
    wrong = []
    if found["bytes"] + missing != expected["bytes"]:
        wrong.append(f"{found['bytes']} bytes and gaps of {missing}, not {expected['bytes']}")
    if not missing and expected.get("sha256", found["sha256"]) != found["sha256"]:
        wrong.append("SHA-256")
    return wrong


def check(options, backend):
    with tempfile.TemporaryDirectory(prefix="restitch-live-") as directory:
        kernel, found = record(options, backend, directory)
        document = json.loads((pathlib.Path(directory) / "sample.digests.json").read_text())
    expected = {(stream["src"], stream["dst"]): stream for stream in document["streams"]}
    wrong = [(*key, what) for key, stream in expected.items()
             for what in differences(stream, found.get(key), kernel["dropped"])]
    wrong += [(*key, "is nobody's") for key in found.keys() - expected.keys()]
    for line in wrong:
        print(*line)
    digests = sum("sha256" in stream and not found.get(key, {"gaps": 1})["gaps"] for key, stream in expected.items())
    print(f"{backend}: {len(expected)} directions, {digests} digests compared, {len(wrong)} differences; {kernel}")
    if ":" in backend and kernel["busy"] < 2:
        print(f"{backend}: one thread got everything")
        return False
    return not wrong and len(expected) > 0 and (digests > 0 or kernel["dropped"] > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--link", type=pathlib.Path, required=True)
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--digests", type=pathlib.Path, required=True)
    parser.add_argument("--transfers", type=int, default=48, help="[%(default)s]")
    parser.add_argument("backends", metavar="BACKEND[:THREADS]", nargs="+")
    options = parser.parse_args()
    reason = reason_to_skip()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    sys.exit(0 if all([check(options, backend) for backend in options.backends]) else 1)


if __name__ == "__main__":
    main()
