#!/usr/bin/env python3
"""The five commands of docs/cluster.md make a cluster, as they are written there.

    cluster_page.py --tool RESTITCH [--connections N] ROOT

They are taken out of the page and run by a shell, in a folder and network namespaces of their own. Then hosts in the three
namespaces talk with each other, so that most connections are seen by two sensors; all sensors are ended; and what the
commands behind print has to be each connection once, with the bytes that both ends sent. Exit 77, for skipped: no
nats-server, no namespaces, not root.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cluster
import cluster_interface

HOSTS = {"a": "10.9.0.11", "b": "10.9.0.12", "c": "10.9.0.13"}
SERVER = """
import hashlib, socket, sys
listener = socket.create_server((sys.argv[1], 8080), backlog=64)
while True:
    one, _ = listener.accept()
    data = b"".join(iter(lambda: one.recv(65536), b""))
    one.sendall(hashlib.sha256(data).digest() * (len(data) // 32))
    one.close()
"""
CLIENT = """
import hashlib, random, socket, sys
rng = random.Random(sys.argv[2])
for _ in range(int(sys.argv[3])):
    one = socket.create_connection((sys.argv[1], 8080))
    own, peer = "%s:%d" % one.getsockname(), "%s:%d" % one.getpeername()
    data = rng.randbytes(rng.randrange(1, 100_000))
    one.sendall(data)
    one.shutdown(socket.SHUT_WR)
    got = b"".join(iter(lambda: one.recv(65536), b""))
    for source, target, what in ((own, peer, data), (peer, own, got)):
        if what:
            print(source, target, len(what), hashlib.sha256(what).hexdigest())
"""


def commands_of(page):
    """The first block of five lines, and the block behind it that ends the cluster."""
    blocks = [block.strip("\n").splitlines() for block in re.findall(r"(?:^    .+\n)+", page, re.MULTILINE)]
    for first, second in zip(blocks, blocks[1:]):
        if len(first) == 5 and "three_taps.sh" in first[0]:
            return [line.strip() for line in first], [line.strip() for line in second]
    raise RuntimeError("the page has no block of five commands that begins with three_taps.sh")


class Page:
    def __init__(self, options, folder):
        self.folder = folder
        binaries = folder / "bin"
        binaries.mkdir()
        (binaries / "restitch").symlink_to(options.tool)
        (folder / "examples").symlink_to(options.root / "examples")
        self.env = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
        self.log = (folder / "log").open("ab")
        self.started = []

    def shell(self, command, **more):
        """In a group of its own, so that what it leaves in the background can be found."""
        process = subprocess.Popen(["sh", "-ec", command], cwd=self.folder, env=self.env, stderr=self.log,
                                   stdin=subprocess.DEVNULL, start_new_session=True, **{"stdout": self.log, **more})
        self.started.append(process)
        return process

    def must(self, command):
        if self.shell(command).wait(60) != 0:
            raise RuntimeError(f"{command}: {(self.folder / 'log').read_text()[-3000:]}")
        return self.started[-1]

    def talk(self, connections):
        expected = {}
        servers = [self.shell(f"exec ip netns exec {name} {sys.executable} -c '{SERVER}' {HOSTS[name]}") for name in "bc"]
        time.sleep(1)
        clients = [self.shell(f"exec ip netns exec {client} {sys.executable} -c '{CLIENT}' {HOSTS[server]} {client} {connections}",
                              stdout=subprocess.PIPE) for client, server in ("ab", "ac", "bc")]
        for client in clients:
            for line in client.communicate(timeout=120)[0].decode().splitlines():
                source, target, size, digest = line.split()
                expected[source, target] = {"sha256": digest, "bytes": int(size)}
        for server in servers:
            server.kill()
        return expected

    def close(self):
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.log.close()


def check(options, folder):
    five, ending = commands_of((options.root / "docs/cluster.md").read_text(encoding="utf-8"))
    page = Page(options, folder)
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)  # where names of namespaces are kept
        for command in five:
            last = page.must(command)
            time.sleep(2)  # who types takes longer
        expected = page.talk(options.connections)
        time.sleep(2)
        os.killpg(last.pid, signal.SIGINT)  # ^C for the sensors
        time.sleep(3)
        for command in ending:
            page.must(command)
        rows = [json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines()]
    except BaseException:
        print((folder / "log").read_text()[-5000:])
        raise
    finally:
        page.close()
    wrong = list(cluster_interface.differences({key: value["sha256"] for key, value in expected.items()}, rows))
    print("\n".join(wrong[:20]))
    copies = sum(row.get("copies", 0) for row in rows)
    print(f"{len(expected)} directions, {len(wrong)} differences, {copies} packets were seen twice")
    return not wrong and len(expected) > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True, type=lambda name: str(Path(name).resolve()))
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("root", type=lambda name: Path(name).resolve())
    options = parser.parse_args()
    if cluster_interface.INSIDE not in os.environ:
        if reason := cluster_interface.reason_to_skip(options.tool):
            print(f"skipped: {reason}")
            return cluster.SKIPPED
        cluster_interface.enter_namespace("--mount")
    with tempfile.TemporaryDirectory() as folder:
        return 0 if check(options, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
