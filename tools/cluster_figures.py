#!/usr/bin/env python3
"""Figures of a cluster on this machine (docs/notes/cluster.md): what workers cost, how fast sensors publish, how long a takeover is.

    cluster_figures.py --tool RESTITCH cpu|rate|takeover CAPTURE...

cpu       CPU seconds of one worker over all, and of `streams --json` on the same packets.
rate      megabytes a second of `sense`, and of a bare publisher of messages of the same sizes to the same broker, in turn: one
          that waits for each acknowledgement, as a sensor does, and one that has up to 64 on their way.
takeover  a worker is killed (SIGKILL) with all of its connections open, and another one has to end them: how long that takes.

A broker is started in a folder of its own, on disk, and is gone in the end. Needs nats-server.
"""
import argparse
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/live"))
import cluster  # noqa: E402

WINDOW = 64


def timed(command, **more):
    """Elapsed and CPU seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Cluster:
    def __init__(self, tool, folder, partitions, lease):
        self.tool, self.folder = tool, folder
        self.broker = cluster.Broker(folder)
        self.lease = str(lease)
        timed(self.command("cluster", "create", "--partitions", str(partitions), "--lease", self.lease, "--sensor", "one"))

    def command(self, *words):
        return [self.tool, *words, "--log", self.broker.url]

    def sense(self, captures):
        return timed(self.command("sense", "--sensor", "one", "-q", *map(str, captures)))

    def worker(self):
        return self.command("work", "-o", str(self.folder / "found"), "--lease", self.lease)

    def status(self):
        out = subprocess.run(self.command("cluster", "status", "--metrics"), capture_output=True, text=True, check=True).stdout
        values = {}
        for line in out.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values.setdefault(name.split("{")[0].removeprefix("restitch_cluster_"), []).append(float(value))
        return values


class BarePublisher:
    """Just the protocol: PUB with a subject for the acknowledgement."""

    def __init__(self, port, subject):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.subject = subject
        self.socket.sendall(b'CONNECT {"verbose":false,"pedantic":false,"lang":"bare"}\r\nSUB acks 1\r\nPING\r\n')
        while not self.file.readline().startswith(b"PONG"):
            pass

    def acknowledgement(self):
        line = self.file.readline()
        while not line.startswith(b"MSG"):
            if line.startswith(b"PING"):
                self.socket.sendall(b"PONG\r\n")
            line = self.file.readline()
        text = self.file.read(int(line.split()[-1]) + 2)
        if b'"error"' in text:
            raise RuntimeError(text.decode())

    def publish(self, sizes, window):
        waiting = 0
        data = os.urandom(max(sizes))
        start = time.monotonic()
        for size in sizes:
            self.socket.sendall(b"PUB %s acks %d\r\n" % (self.subject, size) + data[:size] + b"\r\n")
            waiting += 1
            if waiting == window:
                self.acknowledgement()
                waiting -= 1
        for _ in range(waiting):
            self.acknowledgement()
        return time.monotonic() - start


def cpu(options, folder):
    size = sum(path.stat().st_size for path in options.captures)
    one = Cluster(options.tool, folder, options.partitions, 10)
    try:
        _, sensed = one.sense(options.captures)
        timed(one.command("cluster", "drain"))
        _, worked = timed(one.worker())
    finally:
        one.broker.kill()
    streams = min(timed([options.tool, "streams", "--json", "-q", "--threads", "1", *map(str, options.captures)])[1] for _ in range(2))
    print(f"{size / 1e6:.0f} MB: streams {streams:.2f} CPU s, worker {worked:.2f} ({worked / streams:.2f} ×), sensor {sensed:.2f}")


def rate(options, folder):
    one = Cluster(options.tool, folder, 1, 10)
    try:
        seconds, _ = one.sense(options.captures)
        status = one.status()
        count = int(status["log_messages"][0])
        bytes_sent = sum(path.stat().st_size for path in (folder / "jetstream").rglob("*.blk"))
        size = bytes_sent // count
        print(f"sense: {bytes_sent / 1e6:.0f} MB in {count} messages, {bytes_sent / 1e6 / seconds:.0f} MB/s")
        # In another stream of the same broker: cluster `bare`, partition 0.
        timed([*one.command("cluster", "create", "--partitions", "1"), "--cluster", "bare"])
        for window, name in ((1, "bare, one at a time"), (WINDOW, f"bare, {WINDOW} on their way")):
            took = BarePublisher(one.broker.port, b"bare.p0").publish([size] * count, window)
            print(f"{name}: {size * count / 1e6 / took:.0f} MB/s; sense has {took / seconds:.0%} of it")
    finally:
        one.broker.kill()


def takeover(options, folder):
    one = Cluster(options.tool, folder, options.partitions, options.lease)
    first = subprocess.Popen(one.worker(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # All but the end, so that what is open stays open.
        one.sense(options.captures)
        cut = -1.0
        while (now := sum(one.status()["lag_messages"])) != cut:  # until there are no more checkpoints
            cut = now
            time.sleep(2)
        status = one.status()
        replay = sum(status["replay_messages"])
        share = replay / max(1.0, sum(status["log_messages"]))
        size = share * sum(path.stat().st_size for path in (folder / "jetstream").rglob("*.blk"))
        second = subprocess.Popen(one.worker(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        first.kill()
        start = time.monotonic()
        timed(one.command("cluster", "drain"))
        second.wait()
        took = time.monotonic() - start
        allowed = options.lease + size / 200e6
        print(f"{sum(status['open_connections']):.0f} connections open, {replay:.0f} messages of about {size / 1e6:.0f} MB to be "
              f"read: {took:.1f} s from the kill to the end; the lease of {options.lease} s and 200 MB/s would be {allowed:.1f} s")
    finally:
        first.kill()
        one.broker.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True, type=lambda name: str(Path(name).resolve()))
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--lease", type=int, default=2)
    parser.add_argument("what", choices=["cpu", "rate", "takeover"])
    parser.add_argument("captures", nargs="+", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        {"cpu": cpu, "rate": rate, "takeover": takeover}[options.what](options, Path(folder))


if __name__ == "__main__":
    main()
