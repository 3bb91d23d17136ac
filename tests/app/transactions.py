#!/usr/bin/env -S python3 -B
"""Captures more than 1,000 web transactions over a bad link, and compares every body that is found with the servers'.

  transactions.py --link LOSSY_LINK --tool RESTITCH [--keep DIR] [--rivals]
  transactions.py --check DIR --tool RESTITCH [--rivals]      again, with what --keep left
  transactions.py --self-test                                 show that the comparison can fail

Servers (node, nginx, nghttpx) and clients (node, curl, openssl, plain sockets) talk in two namespaces of their own. The
servers say what they sent and got. docs/notes/transactions.md tells what is in the capture.
Exit status: 0 all bodies exact, 1 not, 77 not permitted or not possible here.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import object_check
import plan as plans
import web_clients
import web_servers
from lossy_net import LossyNet

NEEDED = ["ip", "ss", "nginx", "curl", "node", "openssl", "zstd", "nghttpx", "tcpdump"]
LINK = ["--loss", "0.01", "--reorder", "0.02", "--reorder-depth", "12", "--duplicate", "0.005", "--delay-ms", "2",
        "--hold-ms", "20"]
TRANSACTIONS_MIN = 1000
BUFFER_KIB = 65536
SHOWN = 40
SECONDS_MAX = 500


def reason_to_skip():
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
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


def lacks(tool):
    """What of `extract` this needs and the command does not have."""
    shown = subprocess.run([tool, "extract", "--help-all"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [flag for flag in ("--objects", "--keylog") if flag not in shown]


def capture_command(directory):
    """tcpdump, whose counts go to a file."""
    listen = f"tcpdump -n -s 0 -B {BUFFER_KIB} -Z root -i {LossyNet.INTERFACE} -w {directory}/talk.pcap"
    return ["sh", "-c", f"exec {listen} 2>{directory}/tcpdump.log"]


def record(options, directory):
    """Writes talk.pcap, keys and truth.json."""
    sessions, files = plans.make_plan(options.seed)
    net = LossyNet(options.link, [*LINK, "--seed", str(options.seed)], SECONDS_MAX)
    servers = web_servers.WebServers(net, directory, files)
    clients = web_clients.WebClients(net, directory)
    with net, servers.running(), net.capture(capture_command(directory)):
        clients.run(sessions, plans.openssl_runs(directory))
    clients.write_keys(directory / "keys.log")
    transactions, messages = servers.transactions()
    wrong = differences(sessions, transactions, clients.got(sessions))
    log = (directory / "tcpdump.log").read_text()
    if not re.search(r"^0 packets dropped by kernel$", log, re.M):
        wrong.append(f"tcpdump missed something:\n{log}")
    document = {"seed": options.seed, "link": net.link_counts, "transactions": transactions, "messages": messages}
    (directory / "truth.json").write_text(json.dumps(document, indent=1) + "\n")
    return wrong


def differences(sessions, transactions, got):
    """Where servers and clients disagree: then there is no truth."""
    wrong = []
    truth = {row["id"]: row for row in transactions}
    asked = [request["id"] for session in sessions for request in session["requests"]] + plans.OPENSSL_IDS
    wrong += [f"{one}: no server knows it" for one in asked if one not in truth]
    wrong += [f"{one}: several times" for one, count in collections.Counter(row["id"] for row in transactions).items()
              if count > 1]
    for one, row in truth.items():
        body, came = row["response"], got.get(one)
        if came is None:
            wrong += [] if one in plans.OPENSSL_IDS else [f"{one}: no client got it"]
            continue
        sent = (row["status"], body.get("sent_size", came["size"] if body["size"] else 0))
        if sent != (came["status"], came["size"]) or body.get("sent_sha256", came["sha256"]) != came["sha256"]:
            wrong.append(f"{one}: the server sent {sent}, the client got {came['status']}, {came['size']}")
    return wrong


def describe(document):
    """What the capture holds, in one line each."""
    rows = document["transactions"]
    print(f"{len(rows):,} transactions, {len(document['messages'])} WebSocket messages")
    kinds = collections.Counter((row["protocol"], " ".join(row["tls"].values()) if row["tls"] else "") for row in rows)
    for (protocol, tls), count in sorted(kinds.items()):
        print(f"  {count:4} {protocol} {tls}")
    codings = collections.Counter(row[side].get("coding", "") for row in rows for side in ("response", "request"))
    print("  codings:", ", ".join(f"{name} {count}" for name, count in sorted(codings.items()) if name))
    statuses = collections.Counter(row["status"] for row in rows)
    print("  statuses:", ", ".join(f"{name} {count}" for name, count in sorted(statuses.items())))


def check(options, directory):
    document = json.loads((directory / "truth.json").read_text())
    describe(document)
    bodies = object_check.Bodies(document["transactions"], document["messages"])
    extractors = [object_check.restitch(options.tool, "--keylog" not in lacks(options.tool))] if options.tool else []
    results = {each.name: object_check.check(each, bodies, directory / "talk.pcap", directory / "keys.log")
               for each in extractors + (object_check.rivals() if options.rivals else [])}
    object_check.print_table(bodies, results)
    for name, result in results.items():
        if result and (name == "restitch" or options.missing):
            object_check.print_missing(name, result, options.missing or SHOWN)
    ours = results.get("restitch")
    return len(document["transactions"]) >= TRANSACTIONS_MIN and (not ours or not (ours.missing or ours.foreign or ours.misnamed))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--link", type=pathlib.Path, help="the program lossy_link")
    parser.add_argument("--tool", type=pathlib.Path, help="the command; without it only the rivals are compared")
    parser.add_argument("--seed", type=int, default=19, help="of the plan and of the link [%(default)s]")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="leave capture, keys and truth there")
    parser.add_argument("--check", type=pathlib.Path, metavar="DIR", help="capture nothing, take what --keep left")
    parser.add_argument("--rivals", action="store_true", help="tshark and tcpflow, too")
    parser.add_argument("--missing", type=int, default=0, metavar="N", help="name N missing bodies of each program")
    parser.add_argument("--self-test", action="store_true", help="show that the comparison can fail")
    options = parser.parse_args()
    if not (options.check or options.link or options.self_test):
        parser.error("--link or --check is needed")
    return options


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    options = parse_arguments()
    if options.self_test:
        sys.exit(object_check.self_test())
    if options.check:
        sys.exit(0 if check(options, options.check) else 1)
    if options.tool and lacks(options.tool):
        skip(f"this restitch has no extract {' '.join(lacks(options.tool))}")
    reason = reason_to_skip()
    if reason:
        skip(reason)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restitch-talk-") as temporary:
        directory = pathlib.Path(temporary)
        wrong = record(options, directory)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            for name in ("talk.pcap", "keys.log", "truth.json"):
                shutil.copyfile(directory / name, options.keep / name)
        print(f"{(directory / 'talk.pcap').stat().st_size / 1e6:.0f} MB captured in {time.monotonic() - started:.0f} s")
        print("\n".join(wrong))
        sys.exit(0 if check(options, directory) and not wrong else 1)


if __name__ == "__main__":
    main()
