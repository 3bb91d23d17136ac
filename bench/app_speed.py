#!/usr/bin/env python3
"""What it costs to look into HTTP and TLS, beside `restitch streams` on the same capture and beside openssl speed.

    app_speed.py [--build DIR] [--scale 0.5] [--rounds 5] [--folder /dev/shm] [--keep]

Captures are made without a network, and the same each time but for TLS's keys:

    bulk  keep-alive connections with bodies of 1 MiB, 200 MB at scale 1
    web   like workload B: 40,000 connections of a request and 4 kB, 200 MB at scale 1
    tls   bulk inside TLS 1.3, TLS_AES_128_GCM_SHA256, whose keys are known

Each row has two commands that run in turns, CPU time (user and system) of the whole processes, and the median of the
ratios of the pairs. Decryption is told in two ways: payload by the CPU time of `log`, and by what `log` takes on tls
more than on bulk, both in bytes a second, beside `openssl speed -evp aes-128-gcm` with records of 16 KiB.
All files lie in --folder, which should be in memory.
"""
import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from tcp_capture import CLIENT, SERVER, Capture, Talk  # noqa: E402 (behind sys.path)

SUITE = "TLS_AES_128_GCM_SHA256"
BODY, BODIES, CONNECTIONS = 1 << 20, 10, 20  # bulk at scale 1: bytes, bodies a connection, connections
WEB_CONNECTIONS, WEB_BODY, WEB_AT_ONCE = 40_000, 4000, 200
END = 2


def exchange(path, body):
    """A request and its response."""
    request = (f"GET {path} HTTP/1.1\r\nHost: restitch.test\r\nUser-Agent: app_speed\r\nAccept: */*\r\n\r\n").encode()
    response = (f"HTTP/1.1 200 OK\r\nServer: restitch\r\nContent-Type: application/octet-stream\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
    return [(CLIENT, request), (SERVER, response + body)]


def bulk_talks(scale):
    """For each connection the list of what is said. Bodies are cut from one pool, each from another place."""
    pool = random.Random(1).randbytes(2 * BODY)
    for connection in range(max(1, round(CONNECTIONS * scale))):
        yield [message for number in range(BODIES)
               for message in exchange(f"/{connection}/{number}", pool[connection * 1009 + number * 104_729:][:BODY])]


def write_bulk(path, scale):
    with path.open("wb") as file:
        capture = Capture(file)
        for number, messages in enumerate(bulk_talks(scale)):
            talk = Talk(capture, number)
            talk.open()
            for side, data in messages:
                talk.say(side, data)
            talk.close()
        capture.flush()


def write_web(path, scale):
    """WEB_AT_ONCE connections are open at a time."""
    pool = random.Random(2).randbytes(2 * WEB_BODY)
    with path.open("wb") as file:
        capture = Capture(file)
        count = round(WEB_CONNECTIONS * scale)
        for first in range(0, count, WEB_AT_ONCE):
            talks = [(number, Talk(capture, number)) for number in range(first, min(count, first + WEB_AT_ONCE))]
            for _, talk in talks:
                talk.open()
            for step in (CLIENT, SERVER):
                for number, talk in talks:
                    talk.say(*exchange(f"/page/{number}", pool[number % WEB_BODY:][:WEB_BODY])[step])
            for _, talk in talks:
                talk.close()
        capture.flush()


def write_messages(file, scale):
    for messages in bulk_talks(scale):
        for side, data in messages:
            file.write(bytes([side]) + len(data).to_bytes(4, "big") + data)
        file.write(bytes([END, 0, 0, 0, 0]))
    file.close()


def write_tls(path, keys, scale):
    """bulk, encrypted by app_tls.mjs."""
    key, certificate = path.with_suffix(".key"), path.with_suffix(".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                    "/CN=restitch.test", "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    command = ["node", ROOT / "bench/app_tls.mjs", key, certificate, keys, SUITE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node, path.open("wb") as file:
        writer = threading.Thread(target=write_messages, args=(node.stdin, scale))
        writer.start()
        capture, talk, number = Capture(file), None, 0
        while head := node.stdout.read(5):
            data = node.stdout.read(int.from_bytes(head[1:], "big"))
            if head[0] == END:
                talk.close()
                talk = None
                continue
            if talk is None:
                talk, number = Talk(capture, number, 443), number + 1
                talk.open()
            talk.say(head[0], data)
        capture.flush()
        writer.join()
        if node.wait() != 0:
            sys.exit("app_tls.mjs failed")


def seconds_of(command, folder):
    """User and system time; FOLDER is a new folder each time."""
    shutil.rmtree(folder, ignore_errors=True)
    words = [str(folder) if word == "FOLDER" else str(word) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit status {process.returncode}")
    return used.ru_utime + used.ru_stime


def measure(name, ours, beside, args, folder):
    """Prints a row; returns the medians."""
    seconds_of(ours, folder)
    seconds_of(beside, folder)
    pairs = [(seconds_of(ours, folder), seconds_of(beside, folder)) for _ in range(args.rounds)]
    medians = [statistics.median(side) for side in zip(*pairs)]
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"| {name} | {medians[0]:.3f} | {medians[1]:.3f} | {ratio:.2f} |", flush=True)
    return medians


def openssl_speed():
    """Bytes a second of one thread."""
    command = ["openssl", "speed", "-evp", "aes-128-gcm", "-bytes", "16384", "-seconds", "2"]
    shown = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(re.search(r"^aes-128-gcm\s+([\d.]+)k", shown.stdout, re.M | re.I)[1]) * 1000


def commands(tool, capture, keys):
    """What is measured on a capture, and beside what; in one thread, as the work counts (extract has one anyway)."""
    one = [tool, "streams", "-q", "--threads", "1", capture]
    keylog = ["--keylog", keys] if keys else []
    return {
        "log": [tool, "log", "-q", "--threads", "1", "--format", "json", *keylog, capture],
        "streams": one,
        "streams --json": [*one[:-1], "--json", capture],
        "extract --objects": [tool, "extract", "-q", "--objects", *keylog, "-o", "FOLDER", capture],
        "extract": [tool, "extract", "-q", "-o", "FOLDER", capture],
    }


def can(tool, command, flag):
    shown = subprocess.run([tool, command, "--help-all"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return flag in shown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--keep", action="store_true", help="leave the captures there")
    args = parser.parse_args()
    tool = args.build.resolve() / "restitch"
    objects, decrypts = can(tool, "extract", "--objects"), can(tool, "log", "--keylog")
    folder = Path(tempfile.mkdtemp(dir=args.folder, prefix="restitch-app-"))
    try:
        run(args, tool, objects, decrypts, folder)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


def run(args, tool, objects, decrypts, folder):
    captures = {name: folder / f"{name}.pcap" for name in ("bulk", "web", "tls")}
    keys = folder / "keys.log"
    write_bulk(captures["bulk"], args.scale)
    write_web(captures["web"], args.scale)
    write_tls(captures["tls"], keys, args.scale)
    for name, path in captures.items():
        print(f"{name}: {path.stat().st_size / 1e6:,.0f} MB")
    print("\n| command, beside | CPU s | CPU s | ratio |\n|---|--:|--:|--:|")
    logs = {}
    for name, path in captures.items():
        each = commands(tool, path, keys if name == "tls" and decrypts else None)
        logs[name], _ = measure(f"{name}: log, streams", each["log"], each["streams"], args, folder / "out")
        measure(f"{name}: log, streams --json", each["log"], each["streams --json"], args, folder / "out")
        if objects:
            measure(f"{name}: extract --objects, extract", each["extract --objects"], each["extract"], args,
                    folder / "out")
    if not decrypts:
        print("\nThis restitch decrypts nothing.")
        return
    payload = sum(len(data) for messages in bulk_talks(args.scale) for _, data in messages)
    speed = openssl_speed()
    print("\n| decryption | GB a CPU second | of openssl speed |\n|---|--:|--:|")
    print(f"| openssl speed -evp aes-128-gcm | {speed / 1e9:.2f} | 1.00 |")
    for name, seconds in (("log of tls, all of it", logs["tls"]),
                          ("log of tls, less log of bulk", logs["tls"] - logs["bulk"])):
        rate = payload / seconds if seconds > 0 else float("inf")
        print(f"| {name} | {rate / 1e9:.2f} | {rate / speed:.2f} |")


if __name__ == "__main__":
    main()
