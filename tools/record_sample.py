#!/usr/bin/env -S python3 -B
"""Records real HTTP transfers over a bad link, and what the endpoints say was transferred.

  record_sample.py [options] OUT_DIR       (as root; everything happens in two namespaces of its own)

Writes OUT_DIR/sample.pcapng (or whatever --capture writes) and OUT_DIR/sample.digests.json.
Another program can be put in the capture's place, for instance with 500 transfers at once:

  record_sample.py --transfers 500 --keep-alive 0 --per-client 250 --rate 20000 --size-min 20000
                   --size-max 200000 --loss 0.01 --reorder 0.02 --reorder-depth 50 --duplicate 0.005
                   --capture 'restitch streams --json -i {interface}' OUT_DIR

The capturing program is ended with SIGINT once all connections are closed, and has to exit with status 0.
"""
import argparse
import hashlib
import itertools
import json
import math
import pathlib
import platform
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from lossy_net import LossyNet, Transfer, version_of

LINK_OPTIONS = {"loss": 0.03, "reorder": 0.06, "reorder-depth": 12, "duplicate": 0.03, "delay-ms": 4.0,
                "hold-ms": 20.0}
DUMPCAP = "dumpcap -q -i {interface} -w {out}/sample.pcapng"
WORDS = "sequence window segment octet reset urgent push gap half connection receiver sender network byte".split()


def content_of(name, size, seed):
    """The same bytes for the same arguments everywhere: text for *.txt, else random."""
    source = random.Random(f"{seed}/{name}")
    if not name.endswith(".txt"):
        return source.randbytes(size)
    text = bytearray()
    for number in itertools.count(1):
        if len(text) >= size:
            return bytes(text[:size])
        text += f"{number:6}  {' '.join(source.choices(WORDS, k=9))}\n".encode()


def make_transfers(count, options, source, prefix, uploads):
    """`count` transfers of sizes spread evenly over the orders of magnitude; their files lie in www/get or up."""
    transfers = []
    for number in range(count):
        name = f"{prefix}{number:03}.{'txt' if number % 2 else 'bin'}"
        low, high = math.log(options.size_min), math.log(options.size_max)
        size = round(math.exp(source.uniform(low, high)))
        upload = uploads and number % 3 == 2
        digest = hashlib.sha256(content_of(name, size, options.seed)).hexdigest()
        transfers.append(Transfer(name, upload, 6 if number // 2 % 2 else 4, size, digest))
    return transfers


def write_files(transfers, seed, directory):
    for transfer in transfers:
        path = directory / ("up" if transfer.upload else "www/get") / transfer.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of(transfer.name, transfer.size, seed))


def groups(items, size):
    return [items[i:i + size] for i in range(0, len(items), size)]


def endpoint(report, side):
    ip, port = report[f"{side}_ip"], report[f"{side}_port"]
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def file_entry(transfer, offset):
    return {"name": transfer.name, "offset": offset, "size": transfer.size, "sha256": transfer.sha256}


def streams_of(transfers, directory):
    """The two stream directions of one connection, from what curl saw: a request and a response a transfer."""
    client, server = (endpoint(transfers[0].report, side) for side in ("local", "remote"))
    request = {"src": client, "dst": server, "bytes": 0, "files": []}
    response = {"src": server, "dst": client, "bytes": 0, "files": []}
    whole_response = hashlib.sha256()
    for transfer in transfers:
        report = transfer.report
        if endpoint(report, "local") != client:
            raise RuntimeError(f"{transfer.name} took a connection of its own")
        request["bytes"] += report["size_request"]
        response["bytes"] += report["size_header"]
        whole_response.update(transfer.response_header)
        if transfer.upload:
            request["files"].append(file_entry(transfer, request["bytes"]))
            request["bytes"] += transfer.size
        else:
            response["files"].append(file_entry(transfer, response["bytes"]))
            response["bytes"] += transfer.size
            whole_response.update((directory / "got" / transfer.name).read_bytes())
    response["sha256"] = whole_response.hexdigest()
    return [request, response]


def record(options, out, directory):
    source = random.Random(options.seed)
    single = make_transfers(options.transfers, options, source, "file", uploads=True)
    kept = make_transfers(3 * options.keep_alive, options, source, "kept", uploads=False)
    for connection in groups(kept, 3):
        for transfer in connection:
            transfer.family = connection[0].family
    write_files(single + kept, options.seed, directory)
    rates = [text for name in LINK_OPTIONS for text in (f"--{name}", str(getattr(options, name.replace("-", "_"))))]
    net = LossyNet(options.link, [*rates, "--seed", str(options.seed)], options.seconds_max)
    fields = {"interface": net.INTERFACE, "out": str(out)}
    command = [word.format(**fields) for word in shlex.split(options.capture)]
    with net, net.web_server(directory), net.capture(command, options.side):
        net.run_clients(groups(single, options.per_client), directory, parallel=True, rate=options.rate)
        net.run_clients(groups(kept, 3), directory, parallel=False)
    connections = [[transfer] for transfer in single] + groups(kept, 3)
    return net.link_counts, [stream for each in connections for stream in streams_of(each, directory)]


def forget_the_machine(capture):
    """By way of plain pcap: dumpcap writes processor and kernel of the recording machine into its file."""
    plain = capture.with_suffix(".pcap")
    subprocess.run(["editcap", "-F", "nsecpcap", str(capture), str(plain)], check=True)
    capture.unlink()  # dumpcap made it readable for its user only
    subprocess.run(["editcap", "-F", "pcapng", str(plain), str(capture)], check=True)
    plain.unlink()


def versions():
    found = {"linux": platform.release().split("-")[0], "nginx": version_of("nginx", "-v"),
             "curl": version_of("curl", "--version")}
    if shutil.which("dumpcap"):  # with --capture, another program may listen
        found["dumpcap"] = version_of("dumpcap", "--version")
    return found


def newest_link():
    built = pathlib.Path(__file__).resolve().parent.parent.glob("build/**/lossy_link")
    return max((path for path in built if path.is_file()), key=lambda path: path.stat().st_mtime, default=None)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT_DIR", type=pathlib.Path)
    parser.add_argument("--link", type=pathlib.Path, default=newest_link(),
                        help="the program lossy_link [the newest below build/]")
    parser.add_argument("--seed", type=int, default=20, help="of the contents and of the link [%(default)s]")
    parser.add_argument("--transfers", type=int, default=24, help="connections of one file each [%(default)s]")
    parser.add_argument("--keep-alive", type=int, default=2, help="connections of three files [%(default)s]")
    parser.add_argument("--per-client", type=int, default=1, help="transfers at once per curl [%(default)s]")
    parser.add_argument("--rate", help="bytes a second and transfer, so that many overlap in time")
    parser.add_argument("--size-min", type=int, default=200, help="[%(default)s]")
    parser.add_argument("--size-max", type=int, default=90_000, help="[%(default)s]")
    parser.add_argument("--seconds-max", type=int, default=120, help="for each transfer and all [%(default)s]")
    parser.add_argument("--capture", default=DUMPCAP, help="command with {interface} and {out} [%(default)s]")
    parser.add_argument("--side", choices=["client", "server"], default="client", help="capture there [%(default)s]")
    for name, value in LINK_OPTIONS.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help="of the link [%(default)s]")
    options = parser.parse_args()
    if not options.link:
        parser.error("lossy_link is not built: cmake --build BUILD_DIR --target lossy_link")
    return options


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that everything is cleaned up
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    settings = {key: value for key, value in vars(options).items() if key not in ("out", "link")}
    with tempfile.TemporaryDirectory(prefix="restitch-") as directory:
        link_counts, streams = record(options, out, pathlib.Path(directory))
    if options.capture == DUMPCAP:
        forget_the_machine(out / "sample.pcapng")
    document = {"settings": settings, "versions": versions(), "link": link_counts, "streams": streams}
    (out / "sample.digests.json").write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(link_counts, indent=1), file=sys.stderr)  # stdout is the capture's


if __name__ == "__main__":
    main()
