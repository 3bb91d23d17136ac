#!/usr/bin/env -S python3 -B
"""Memory for connections that each stop in the middle of an HTTP header, beside such that said something whole.

  stuck_headers.py --tool RESTITCH [--connections 100000] [--header 300] [--bound BYTES]

The captures are made and go straight through a pipe. Printed is the peak of resident memory of `log --format json`
for each, and what a connection takes more that is stuck: in its request, in its response, in both. `streams` is what
the connections take without any of it.
Exit status: 0, 1 above --bound bytes a connection, 77 this restitch finds no HTTP.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from tcp_capture import CLIENT, SERVER, Capture, Talk  # noqa: E402 (behind sys.path)

REQUEST = b"GET /%d HTTP/1.1\r\nHost: restitch.test\r\n"
RESPONSE = b"HTTP/1.1 204 No Content\r\nServer: restitch\r\n"
TINY = "tiny requests, answered"
STUCK = "stuck in the request"
STUCK_ANSWER = "stuck in the response"
STUCK_BOTH = "stuck in both"


def unfinished(start, size):
    """A header of `size` bytes that goes on: fields, the last of them without an end."""
    field = b"X-Field: " + b"v" * 40 + b"\r\n"
    return (start + field * (size // len(field) + 1))[:size].rstrip(b"\r\n")


def said(kind, number, header):
    """What client and server say."""
    request, response = REQUEST % number, RESPONSE
    if kind in (STUCK, STUCK_BOTH):
        request = unfinished(request, header)
    else:
        request += b"\r\n"
    if kind in (STUCK_ANSWER, STUCK_BOTH):
        return request, unfinished(response, header)
    return request, b"" if kind == STUCK else response + b"\r\n"


def write_capture(file, kind, count, header):
    """All open, then each says its part; none is closed."""
    capture = Capture(file)
    for number in range(count):
        Talk(capture, number).open()
    for number in range(count):
        talk = Talk(capture, number)
        talk.next = [each + 1 for each in talk.next]
        for side, data in zip((CLIENT, SERVER), said(kind, number, header)):
            talk.say(side, data)
    capture.flush()


def measure(command, kind, options):
    """The peak of resident memory in bytes, and CPU seconds."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        write_capture(process.stdin, kind, options.connections, options.header)
        process.stdin.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command}: exit status {process.returncode}")
    return used.ru_maxrss * 1024, used.ru_utime + used.ru_stime


def finds_http(tool):
    """Whether its log has a record of a request."""
    with subprocess.Popen([tool, "log", "--format", "json", "-q", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        write_capture(process.stdin, TINY, 1, 0)
        process.stdin.close()
        return b'"log":"http"' in process.stdout.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("--connections", type=int, default=100_000, help="[%(default)s]")
    parser.add_argument("--header", type=int, default=300, help="bytes of it that came [%(default)s]")
    parser.add_argument("--bound", type=int, help="bytes that a stuck connection may take more than a tiny one")
    options = parser.parse_args()
    if not finds_http(options.tool):
        print("skipped: this restitch finds no HTTP")
        sys.exit(77)
    base, _ = measure([options.tool, "streams", "-q", "-"], TINY, options)
    print(f"{options.connections:,} connections, {options.header} bytes of a header\n")
    print("| said | command | peak MB | bytes a connection above streams | CPU s |\n|---|---|--:|--:|--:|")
    print(f"| {TINY} | streams | {base / 1e6:.0f} | | |")
    each = {}
    started = time.monotonic()
    for kind in (TINY, STUCK, STUCK_ANSWER, STUCK_BOTH):
        peak, seconds = measure([options.tool, "log", "-q", "--format", "json", "-"], kind, options)
        each[kind] = (peak - base) / options.connections
        print(f"| {kind} | log | {peak / 1e6:.0f} | {each[kind]:,.0f} | {seconds:.2f} |", flush=True)
    more = max(each.values()) - each[TINY]
    print(f"\nat most {more:,.0f} bytes more for one that is stuck; {time.monotonic() - started:.0f} s")
    if options.bound is not None and more > options.bound:
        sys.exit(f"above the bound of {options.bound:,} bytes")


if __name__ == "__main__":
    main()
