#!/usr/bin/env python3
"""A cluster on a real broker, of which sensors, workers and the broker itself are killed (SIGKILL) while they work, finds
what one process finds, byte for byte.

    cluster.py --tool RESTITCH [--seeds N] [--first N] [--connections N] [CAPTURE...]

For each seed: a capture of many connections is made and dealt out to two sensors, packet by packet; each CAPTURE goes to
one sensor. Exit 77, for skipped: nats-server is not installed, or the tool was built without NATS.
"""
import argparse
import contextlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77
TIME_MAX = 300


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(source, destination, seq, ack, flags, payload):
    (source_ip, source_port), (destination_ip, destination_port) = source, destination
    tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 60000, 0, 0)
    pseudo = source_ip + destination_ip + struct.pack("!HH", 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp) + len(payload), 0, 0x4000, 64, 6, 0) + source_ip + destination_ip
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + tcp + payload


def connection(rng, index):
    """(time in ns, frame) of all packets."""
    client = (bytes([10, 0, index >> 8 & 255, index & 255]), rng.randrange(1024, 65536))
    server = (bytes([192, 0, 2, 1]), 80)
    now = 1_700_000_000_000_000_000 + rng.randrange(20_000_000_000)
    seqs = {client: rng.randrange(1 << 32), server: rng.randrange(1 << 32)}
    packets = []

    def send(who, flags, payload=b""):
        nonlocal now
        other = server if who == client else client
        now += rng.randrange(1, 3_000_000)
        if rng.random() > 0.01:
            packets.append((now, frame(who, other, seqs[who], seqs[other], flags, payload)))
        if rng.random() < 0.02:
            packets.append((now + 1000, frame(who, other, seqs[who], seqs[other], flags, payload)))
        seqs[who] += len(payload) + (1 if flags & 3 else 0)

    send(client, 2)
    send(server, 18)
    send(client, 16)
    for _ in range(rng.randrange(30)):
        send(rng.choice((client, server)), 24, rng.randbytes(rng.randrange(1, 1400)))
    if rng.random() < 0.9:
        send(client, 17)
        send(server, 17)
        send(client, 16)
    return packets


def write_capture(path, packets):
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for now, data in packets:
            file.write(struct.pack("<IIII", now // 10**9, now % 10**9, len(data), len(data)) + data)


def make_captures(folder, rng, connections):
    packets = sorted(packet for index in range(connections) for packet in connection(rng, index))
    paths = [folder / "one.pcap", folder / "two.pcap"]
    for i, path in enumerate(paths):
        write_capture(path, packets[i::2])
    return paths


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Broker:
    """`more` arguments of nats-server."""

    def __init__(self, folder, *more):
        self.folder, self.more = folder, more
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self):
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd",
                                             str(self.folder / "jetstream"), *self.more], stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError("nats-server does not come up")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Run:
    """One cluster: sensors and workers that are started again whenever they were killed."""

    def __init__(self, tool, folder, captures, rng, kills):
        self.tool, self.folder, self.captures, self.rng = tool, folder, captures, rng
        self.kills = kills  # of workers, sensors, and the broker
        self.killed = [0, 0, 0]
        self.broker = Broker(folder)
        self.log = (folder / "tool.log").open("ab")
        self.workers, self.sensors = [None, None], [None] * len(captures)

    def call(self, action, *more, out=None):
        command = [self.tool, "cluster", action, "--log", self.broker.url, *more]
        for _ in range(20):  # the broker may just have been killed
            done = subprocess.run(command, stdout=out or self.log, stderr=self.log, check=False, timeout=TIME_MAX)
            if done.returncode == 0:
                return
            time.sleep(0.2)
        raise RuntimeError(f"cluster {action} failed: {(self.folder / 'tool.log').read_text()[-2000:]}")

    def start_worker(self, i):
        self.workers[i] = subprocess.Popen([self.tool, "work", "--log", self.broker.url, "-o", str(self.folder / "out"),
                                            "--lease", "1", "--partitions", "4"], stdout=self.log, stderr=self.log)

    def start_sensor(self, i):
        self.sensors[i] = subprocess.Popen([self.tool, "sense", "--log", self.broker.url, "--sensor", f"s{i}",
                                            str(self.captures[i])], stdout=self.log, stderr=self.log)

    def kill_some(self, sensing):
        what = self.rng.randrange(8)
        if what < 4 and self.killed[0] < self.kills[0]:
            i = self.rng.randrange(len(self.workers))
            self.workers[i].kill()
            self.workers[i].wait()
            self.start_worker(i)
            self.killed[0] += 1
        elif what < 6 and sensing and self.killed[1] < self.kills[1]:
            i = self.rng.choice(sensing)
            self.sensors[i].kill()
            self.sensors[i].wait()
            self.start_sensor(i)
            self.killed[1] += 1
        elif what == 7 and self.killed[2] < self.kills[2]:
            self.broker.kill()
            self.broker.start()
            self.killed[2] += 1

    def sense_all(self):
        deadline = time.monotonic() + TIME_MAX
        while time.monotonic() < deadline:
            for i, sensor in enumerate(self.sensors):
                if sensor.poll() not in (None, 0):
                    self.start_sensor(i)
            sensing = [i for i, sensor in enumerate(self.sensors) if sensor.poll() is None]
            if not sensing:
                return
            time.sleep(self.rng.random() * 0.15)
            self.kill_some(sensing)
        raise RuntimeError("the sensors do not come to an end")

    def work_all(self):
        deadline = time.monotonic() + TIME_MAX
        while time.monotonic() < deadline:
            codes = [worker.poll() for worker in self.workers]
            if 0 in codes:
                return
            for i, code in enumerate(codes):
                if code is not None:
                    self.start_worker(i)
            time.sleep(self.rng.random() * 0.3)
            self.kill_some([])
        raise RuntimeError("the workers do not come to an end")

    def found(self):
        self.call("create", "--partitions", "4", "--lease", "1", *(word for i in range(len(self.captures))
                                                                   for word in ("--sensor", f"s{i}")))
        for i in range(len(self.workers)):
            self.start_worker(i)
        for i in range(len(self.sensors)):
            self.start_sensor(i)
        self.sense_all()
        self.call("drain")
        self.work_all()
        with (self.folder / "found").open("wb") as out:
            self.call("cat", "-o", str(self.folder / "out"), out=out)
        return (self.folder / "found").read_bytes()

    def close(self):
        for process in (*self.workers, *self.sensors, self.broker.process):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        self.log.close()


def reason_to_skip(tool):
    if shutil.which("nats-server") is None:
        return "nats-server is not installed"
    refused = subprocess.run([tool, "cluster", "status", "--log", "nats://127.0.0.1:1"], capture_output=True, check=False)
    return "built without NATS" if b"no NATS" in refused.stderr else None


def check(tool, captures, rng, name):
    truth = subprocess.run([tool, "streams", "--json", "-q", *map(str, captures)], capture_output=True, check=False)
    if truth.returncode != 0:
        print(f"{name}: left out, it is damaged", flush=True)  # a sensor says so each time, as if it had failed
        return True
    truth = truth.stdout
    with tempfile.TemporaryDirectory() as folder:
        run = Run(tool, Path(folder), captures, rng, [10, 2, 3])
        try:
            found = run.found()
        finally:
            run.close()
        workers, sensors, brokers = run.killed
        print(f"{name}: {len(truth)} bytes, {workers} workers, {sensors} sensors and {brokers} brokers killed: "
              f"{'the same' if found == truth else 'OTHER BYTES'}", flush=True)
        return found == truth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--connections", type=int, default=600)
    parser.add_argument("captures", nargs="*", type=Path)
    options = parser.parse_args()
    if reason := reason_to_skip(options.tool):
        print(f"skipped: {reason}")
        return SKIPPED
    good = True
    for seed in range(options.first, options.first + options.seeds):
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            captures = make_captures(Path(folder), rng, options.connections)
            good = check(options.tool, captures, rng, f"seed {seed}") and good
    for capture in options.captures:
        good = check(options.tool, [capture], random.Random(1), capture.name) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
