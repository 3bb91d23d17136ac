#!/usr/bin/env python3
"""All streams of a capture as bytes, in Python: the module beside `restitch streams --json`, dpkt and scapy.

    python_streams.py [--build DIR] [--scale 0.1] [--rounds 5] [--capture FILE]

Without --capture it is workload C (lossy, 500 kB each), from bench_generate in DIR (build/bench), which has to have
the command and, with RESTITCH_PYTHON=ON, the module. All programs take turns; CPU time is user and system of the whole
process, the least of all rounds, since what disturbs a run only ever adds to it. Each prints the bytes and one digest
over those of all directions, so that it is seen who delivers what; making them is not timed, but for the command,
which has them anyway. dpkt and scapy decode packets and leave reassembly to the user: here it is the usual few lines, which
sort segments and let the first copy win.
"""
import argparse
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def with_restitch(path):
    import restitch
    for c in restitch.connections(path, events=False):
        yield c.client.data
        yield c.server.data


def joined(flows):
    """Each flow: its segments as (sequence number, payload)."""
    for segments in flows.values():
        first = segments[0][0]
        place = sorted((((sequence - first + (1 << 31)) & 0xFFFFFFFF, payload) for sequence, payload in segments),
                       key=lambda one: one[0])
        out, end = [], 0
        for start, payload in place:
            if start + len(payload) > end:
                out.append(payload[max(end - start, 0):])
                end = start + len(payload)
        yield b"".join(out)


def with_dpkt(path):
    import dpkt
    flows = {}
    with open(path, "rb") as file:
        for _, frame in dpkt.pcap.UniversalReader(file):
            ip = dpkt.ethernet.Ethernet(frame).data
            if isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)) and isinstance(ip.data, dpkt.tcp.TCP) and ip.data.data:
                tcp = ip.data
                flows.setdefault((ip.src, tcp.sport, ip.dst, tcp.dport), []).append((tcp.seq, tcp.data))
    yield from joined(flows)


def with_scapy(path):
    from scapy.layers.inet import IP, TCP
    from scapy.utils import PcapReader
    flows = {}
    for packet in PcapReader(path):
        if TCP in packet and packet[TCP].payload:
            ip, tcp = packet.getlayer(IP) or packet["IPv6"], packet[TCP]
            payload = bytes(tcp.payload)
            flows.setdefault((ip.src, tcp.sport, ip.dst, tcp.dport), []).append((tcp.seq, payload))
    yield from joined(flows)


READERS = {"restitch (Python)": with_restitch, "dpkt": with_dpkt, "scapy": with_scapy}


def read(name, path):
    """In a process of its own: seconds of CPU until all bytes are there, their number, and what they are."""
    total = 0
    spent = 0.0
    digests = []
    streams = READERS[name](path)
    before = 0.0  # with what it takes to start Python and to import
    while True:
        data = next(streams, None)
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent += used.ru_utime + used.ru_stime - before
        if data is None:
            break
        if data:
            total += len(data)
            digests.append(hashlib.sha256(data).hexdigest())
        used = resource.getrusage(resource.RUSAGE_SELF)
        before = used.ru_utime + used.ru_stime
    print(spent, total, hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()[:12], used.ru_maxrss)


def run_reader(build, name, path):
    environment = {**os.environ, "PYTHONPATH": f"{build / 'python'}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run([sys.executable, __file__, "--read", name, path], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return None
    spent, total, digest, memory = done.stdout.split()
    return float(spent), int(total), digest, int(memory)


def run_command(build, path):
    command = [build / "restitch", "streams", "-q", "--json", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        rows = [json.loads(line) for line in child.stdout]
        _, _, used = os.wait4(child.pid, 0)
        child.returncode = 0
    digest = hashlib.sha256("".join(sorted(row["sha256"] for row in rows)).encode()).hexdigest()[:12]
    return used.ru_utime + used.ru_stime, sum(row["bytes"] for row in rows), digest, used.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--capture")
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        return read(*args.read)
    with tempfile.TemporaryDirectory() as folder:
        capture = args.capture or f"{folder}/C.pcap"
        if not args.capture:
            subprocess.run([args.build / "bench/bench_generate", "C", str(args.scale), capture, f"{folder}/truth"],
                           check=True, stdout=subprocess.DEVNULL)
        ways = {"restitch streams --json": lambda: run_command(args.build, capture)}
        ways.update({name: lambda name=name: run_reader(args.build, name, capture) for name in READERS})
        found = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, way in ways.items():
                if found[name] is not None:
                    result = way()
                    found[name] = None if result is None else found[name] + [result]
    least = min(found["restitch streams --json"])[0]
    print("| all streams as bytes | CPU s | of the command's | bytes | digest | peak MB |\n|---|--:|--:|--:|---|--:|")
    for name, results in found.items():
        if results is None:
            print(f"| {name} | not there | | | | |")
            continue
        spent, total, digest, memory = min(results)
        print(f"| {name} | {spent:.3f} | {spent / least:.2f} | {total:,} | {digest} | {memory / 1024:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
