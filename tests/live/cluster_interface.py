#!/usr/bin/env python3
"""A sensor at an interface loses nothing that was spooled: not when the broker is killed, nor when it is itself.

    cluster_interface.py --tool RESTITCH [--rounds N] [--connections N]

In a network namespace of its own, connections go over the loopback while a sensor listens there. In each round the broker is
killed, connections go on, the sensor is killed (SIGKILL) and both come back. In the end each connection has to have been
found once, with the digests of what both ends sent. Then a spool is too small, and all say so. Exit 77, for skipped: no nats-server, no namespaces, not root.
"""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cluster

PORT = 8080
INSIDE = "RESTITCH_INSIDE"


def enter_namespace(*more):
    """Starts this again in a network namespace, in which nothing else is; `more` kinds of namespaces."""
    command = ["unshare", "--net", *more, sys.executable, "-B", *sys.argv]
    os.execvpe(command[0], command, {**os.environ, INSIDE: "1"})


def reason_to_skip(tool):
    if os.geteuid() != 0:
        return "not root"
    if not shutil.which("ip") or subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0:
        return "network namespaces are not permitted"
    return cluster.reason_to_skip(tool)


class Echo:
    """Answers each connection with as many bytes of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", PORT), backlog=64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            one, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(one,), daemon=True).start()

    @staticmethod
    def answer(one):
        with one:
            while data := one.recv(65536):
                one.sendall(bytes(byte ^ 255 for byte in data))


def wait_until(holds, what):
    end = time.monotonic() + cluster.TIME_MAX
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not after {cluster.TIME_MAX} s")
        time.sleep(0.1)


def listeners():
    """The packet sockets of this namespace that an interface brings packets to, by number."""
    rows = [line.split() for line in Path("/proc/net/packet").read_text().splitlines()[1:]]
    return {row[8] for row in rows if row[5] == "1"}


def talk(rng):
    """The digests of both directions, by the client's port, and how many bytes they have."""
    sent = rng.randbytes(rng.randrange(1, 200_000))
    with socket.create_connection(("127.0.0.1", PORT)) as one:
        port = one.getsockname()[1]
        sender = threading.Thread(target=lambda: (one.sendall(sent), one.shutdown(socket.SHUT_WR)))
        sender.start()
        got = b""
        while data := one.recv(65536):
            got += data
        sender.join()
    client, server = f"127.0.0.1:{port}", f"127.0.0.1:{PORT}"
    digests = {(client, server): hashlib.sha256(sent).hexdigest(), (server, client): hashlib.sha256(got).hexdigest()}
    return digests, len(sent) + len(got)


class Run:
    def __init__(self, options, folder):
        self.tool, self.folder = options.tool, folder
        self.broker = cluster.Broker(folder)
        self.log = (folder / "tool.log").open("ab")
        self.sensor = self.worker = None

    def start(self, *words):
        return subprocess.Popen([self.tool, *words, "--log", self.broker.url], cwd=self.folder, stdout=self.log, stderr=self.log)

    def must(self, *words):
        done = subprocess.run([self.tool, *words, "--log", self.broker.url], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=self.log, check=False, timeout=cluster.TIME_MAX)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {(self.folder / 'tool.log').read_text()[-2000:]}")
        return done.stdout

    def start_sensor(self, *more):
        before = listeners()
        self.sensor = self.start("sense", "--sensor", "one", "-i", "lo", "--spool", "spool", *more, f"tcp port {PORT}")

        def listens():
            if self.sensor.poll() is not None:
                raise RuntimeError((self.folder / "tool.log").read_text()[-2000:])
            return listeners() - before

        wait_until(listens, "a sensor that listens")

    def spool_size(self):
        return sum(file.stat().st_size for file in (self.folder / "spool").rglob("*") if file.is_file())

    def wait_until_spooled(self, size):
        """Without a broker, all goes into the spool: so many bytes; and the last batches when they are a second old, as the
        marks do that tell the time."""
        wait_until(lambda: self.spool_size() >= size, "all in the spool")
        for _ in range(3):
            before = self.spool_size()
            time.sleep(1)
            wait_until(lambda least=before: self.spool_size() > least, "a mark in the spool")

    def round(self, talk_some):
        talk_some()
        self.broker.kill()
        before = self.spool_size()
        self.wait_until_spooled(before + talk_some())
        self.sensor.kill()
        self.sensor.wait()
        self.broker.start()
        self.start_sensor()
        talk_some()

    def found(self, status=0):
        self.sensor.send_signal(signal.SIGINT)
        if self.sensor.wait(60) != status:
            raise RuntimeError(f"the sensor's exit status is not {status}")
        self.must("cluster", "drain")
        self.worker.wait(cluster.TIME_MAX)
        lines = self.must("cluster", "cat", "-o", "found").splitlines()
        return [json.loads(line) for line in lines]

    def close(self):
        for process in (self.sensor, self.worker):
            if process is not None and process.poll() is None:
                process.kill()
        self.broker.kill()
        self.log.close()


def differences(expected, rows):
    found = {}
    for row in rows:
        key = row["src"], row["dst"]
        if key in found:
            yield f"{key}: twice"
        found[key] = row
        if row["gaps"]:
            yield f"{key}: gaps {row['gaps']}"
    yield from (f"{key}: not found" for key in expected.keys() - found.keys())
    yield from (f"{key}: nobody's" for key in found.keys() - expected.keys())
    yield from (f"{key}: other bytes" for key in expected.keys() & found.keys() if found[key]["sha256"] != expected[key])


def begin(options, folder, *flags):
    run = Run(options, folder)
    try:
        run.must("cluster", "create", "--partitions", "3", "--lease", "1", "--sensor", "one")
        run.worker = run.start("work", "-o", "found", "--lease", "1")
        run.start_sensor(*flags)
    except BaseException:
        run.close()
        raise
    return run


def lost_batches(run):
    """As `status` has it: 0 until the sensor has said so."""
    lost = re.search(r"sensor one: .* ([1-9]\d*) batches found no room", run.must("cluster", "status").decode())
    return int(lost.group(1)) if lost else 0


def check_full(options, folder):
    """What finds no room in the spool is told by the sensor, by the status and by the connections."""
    rng = random.Random(2)
    run = begin(options, folder, "--spool-max", "1M")
    try:
        stays = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(8)]  # some in each partition
        talk(rng)
        run.broker.kill()
        for _ in range(40):
            talk(rng)
        wait_until(lambda: b"the spool is full" in (folder / "tool.log").read_bytes(), "a full spool")
        run.broker.start()
        wait_until(lambda: lost_batches(run), "a sensor that tells what it lost")
        for one in stays:
            one.sendall(b"still here")
            one.recv(100)
        rows = run.found(2)
        text = (folder / "tool.log").read_text()
        lost = lost_batches(run)
    finally:
        run.close()
    told = sum("packets_lost" in row["events"] for row in rows)
    print(f"a full spool: {told} directions tell of {lost or 'no'} lost batches")
    return "the spool is full: what comes now is lost" in text and lost > 0 and told > 0


def check(options, folder):
    rng = random.Random(1)
    expected = {}

    def talk_some():
        """How many bytes both ends sent."""
        total = 0
        for _ in range(options.connections):
            digests, size = talk(rng)
            expected.update(digests)
            total += size
        return total

    run = begin(options, folder)
    try:
        for _ in range(options.rounds):
            run.round(talk_some)
        rows = run.found()
    finally:
        run.close()
    wrong = list(differences(expected, rows))
    print("\n".join(wrong[:20]))
    if wrong:
        print((folder / "tool.log").read_text())
    print(f"{len(expected)} directions, {options.rounds} brokers and sensors killed, {len(wrong)} differences")
    return not wrong and len(expected) > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True, type=lambda name: str(Path(name).resolve()))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=10)
    options = parser.parse_args()
    if INSIDE not in os.environ:
        if reason := reason_to_skip(options.tool):
            print(f"skipped: {reason}")
            return cluster.SKIPPED
        enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    echo = Echo()
    good = True
    for one in (check, check_full):
        with tempfile.TemporaryDirectory() as folder:
            good = one(options, Path(folder)) and good
    echo.listener.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
