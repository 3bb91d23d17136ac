"""Two network namespaces, a bad cable between them, a web server, its clients, and a capture.

Everything stays inside two namespaces of its own, which no other interface enters, and is gone when the
`with` blocks end. Needs root, iproute2, nginx, curl, and the project's lossy_link.

    with LossyNet(link="build/lossy_link", rates=["--loss", "0.01"]) as net:
        with net.web_server(directory), net.capture(["tcpdump", "-w", "x.pcap", "-i", net.INTERFACE]):
            net.download_and_upload(...)
"""
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import time

SERVER_ADDRESS = {4: "192.0.2.2", 6: "2001:db8::2"}
CLIENT_ADDRESS = {4: "192.0.2.1", 6: "2001:db8::1"}
PREFIX = {4: 24, 6: 64}
QUEUE_FRAMES = 20_000  # in a TAP device, so that only the link loses frames, and does so by its seed
MAC = {"client": "02:00:00:00:00:01", "server": "02:00:00:00:00:02"}

NGINX_CONF = """
daemon off;
master_process off;
error_log stderr error;
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/octet-stream;
  client_max_body_size 0;
  client_body_temp_path body;
  server {{
    listen {v4}:80 backlog=4096;
    listen [{v6}]:80 backlog=4096;
    root www;
    location /put/ {{ dav_methods PUT; }}
  }}
}}
"""


@dataclasses.dataclass
class Transfer:
    """One file on its way, and what curl says about it afterwards."""

    name: str
    upload: bool
    family: int
    size: int
    sha256: str
    report: dict = dataclasses.field(default_factory=dict)
    response_header: bytes = b""

    @property
    def url(self):
        host = SERVER_ADDRESS[self.family]
        return f"http://{f'[{host}]' if self.family == 6 else host}/{'put' if self.upload else 'get'}/{self.name}"


def sha256_of(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def stop(process, how=signal.SIGTERM, seconds=10):
    """Ends a process that this script started; returns its exit status."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for: {what}")
        time.sleep(0.05)


class LossyNet:
    INTERFACE = "tap0"  # in either namespace

    def __init__(self, link, rates, seconds_max=300):
        self.link = str(link)
        self.rates = list(rates)
        self.seconds_max = seconds_max
        self.namespaces = {side: f"restitch-{side}-{os.getpid()}" for side in MAC}
        self.link_counts = {}
        self._link_process = None

    def __enter__(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16384)), hard))
        try:
            for side in MAC:
                self._make_side(side)
            self._start_link()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._link_process:
            overflows = {side: self._overflow(side) for side in MAC}
            stop(self._link_process)
            for line in self._link_process.stdout:
                direction, *counts = line.split()
                self.link_counts[direction] = {k: int(v) for k, v in (c.split("=") for c in counts)}
            self._link_process.stdout.close()
            self.link_counts["dropped before the link"] = overflows
        for name in self.namespaces.values():
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)

    def _make_side(self, side):
        name = self.namespaces[side]
        own, other = (CLIENT_ADDRESS, SERVER_ADDRESS) if side == "client" else (SERVER_ADDRESS, CLIENT_ADDRESS)
        other_mac = MAC["server" if side == "client" else "client"]
        tap = ["dev", self.INTERFACE]

        def ip(*arguments):
            subprocess.run(["ip", "-n", name, *arguments], check=True)

        subprocess.run(["ip", "netns", "add", name], check=True)
        ip("link", "set", "lo", "up")
        ip("tuntap", "add", *tap, "mode", "tap")
        ip("link", "set", *tap, "address", MAC[side], "mtu", "1500", "addrgenmode", "none",
           "txqueuelen", str(QUEUE_FRAMES))
        ip("link", "set", *tap, "up")
        for family in PREFIX:
            no_dad = ["nodad"] if family == 6 else []
            ip(f"-{family}", "addr", "add", f"{own[family]}/{PREFIX[family]}", *tap, *no_dad)
            # Fixed neighbours: a lost ARP answer would only make the recording slower.
            ip(f"-{family}", "neigh", "add", other[family], "lladdr", other_mac, *tap, "nud", "permanent")

    def _overflow(self, side):
        shown = self.output_of(side, ["ip", "-s", "-j", "link", "show", "dev", self.INTERFACE])
        return json.loads(shown)[0]["stats64"]["tx"]["dropped"]

    def _start_link(self):
        ends = [f"{self.namespaces[side]}:{self.INTERFACE}" for side in ("client", "server")]
        limit = ["--seconds-max", str(self.seconds_max)]
        self._link_process = subprocess.Popen(
            [self.link, *ends, *self.rates, *limit], stdout=subprocess.PIPE, text=True)
        if self._link_process.stdout.readline() != "ready\n":
            raise RuntimeError("lossy_link did not start")

    def inside(self, side, command):
        return ["ip", "netns", "exec", self.namespaces[side], *command]

    def output_of(self, side, command):
        return subprocess.run(self.inside(side, command), check=True, stdout=subprocess.PIPE, text=True).stdout

    def open_connections(self):
        lines = "".join(self.output_of(side, ["ss", "-Htn", "exclude", "listening"]) for side in MAC)
        return [line for line in lines.splitlines() if not line.startswith("TIME-WAIT")]

    @contextlib.contextmanager
    def web_server(self, directory):
        """nginx on port 80: GET /get/NAME from directory/www/get, PUT /put/NAME into directory/www/put."""
        directory = pathlib.Path(directory)
        for folder in ("www/get", "www/put", "body"):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        (directory / "nginx.conf").write_text(NGINX_CONF.format(v4=SERVER_ADDRESS[4], v6=SERVER_ADDRESS[6]))
        command = ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", "stderr"]
        process = subprocess.Popen(self.inside("server", command))
        try:
            listening = ["ss", "-Hltn", "sport = :80"]
            wait_until(lambda: len(self.output_of("server", listening).splitlines()) >= 2, 10, "nginx")
            yield
        finally:
            stop(process)

    @contextlib.contextmanager
    def capture(self, command, side="client"):
        """Runs `command` in a namespace from its first packet socket on until the line is quiet."""
        process = subprocess.Popen(self.inside(side, command))

        def is_listening():
            if process.poll() is not None:
                raise RuntimeError(f"capture ended at once: {command}")
            return len(self.output_of(side, ["cat", "/proc/net/packet"]).splitlines()) > 1

        try:
            wait_until(is_listening, 20, "the capture to listen")
            time.sleep(0.2)
            yield process
            wait_until(lambda: not self.open_connections(), 60, "all connections to close")
            time.sleep(1.5)  # repetitions on the link, and what the capture still has in its buffers
            if process.poll() is not None:
                raise RuntimeError(f"capture ended early: {command}")
        finally:
            status = stop(process, signal.SIGINT, 60)
        if status != 0:
            raise RuntimeError(f"capture ended with status {status}: {command}")

    def run_clients(self, clients, directory, parallel, rate=None):
        """One curl for each list of transfers: all at once if `parallel`, else one connection for all."""
        directory = pathlib.Path(directory)
        (directory / "got").mkdir(exist_ok=True)
        started = []
        try:
            for transfers in clients:
                options = ["--parallel", "--parallel-immediate", "--parallel-max", str(len(transfers))]
                command = ["curl", "--disable", "--no-progress-meter", "--config", "-", *(options if parallel else [])]
                process = subprocess.Popen(self.inside("client", command), text=True,
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                started.append((process, transfers))
                process.stdin.write(curl_config(transfers, directory, self.seconds_max, rate, close=parallel))
                process.stdin.close()
            for process, transfers in started:
                collect(process, transfers, directory)
        finally:
            for process, _ in started:
                stop(process)
                process.stdout.close()


def curl_config(transfers, directory, seconds_max, rate, close):
    blocks = []
    for transfer in transfers:
        lines = [f'url = "{transfer.url}"', "fail", f"max-time = {seconds_max}",
                 f'dump-header = "{directory}/got/{transfer.name}.header"', r'write-out = "%{json}\n"']
        got = "/dev/null" if transfer.upload else f"{directory}/got/{transfer.name}"
        lines.append(f'output = "{got}"')
        if transfer.upload:
            lines += [f'upload-file = "{directory}/up/{transfer.name}"', 'header = "Expect:"']
        if close:
            lines.append('header = "Connection: close"')
        if rate:
            lines.append(f"limit-rate = {rate}")
        blocks.append("\n".join(lines) + "\n")
    return "next\n".join(blocks)


def collect(process, transfers, directory):
    """Takes curl's reports, and checks that what arrived is what was sent."""
    by_url = {transfer.url: transfer for transfer in transfers}
    for line in process.stdout:
        report = json.loads(line)
        by_url[report["url_effective"]].report = report
    if process.wait() != 0:
        raise RuntimeError(f"curl ended with status {process.returncode}")
    for transfer in transfers:
        arrived = "www/put" if transfer.upload else "got"
        if sha256_of(directory / arrived / transfer.name) != transfer.sha256:
            raise RuntimeError(f"{transfer.name} did not arrive as it was sent")
        transfer.response_header = (directory / "got" / f"{transfer.name}.header").read_bytes()


def version_of(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = re.search(r"\d+(\.\d+)+", result.stdout)
    return found.group() if found else "unknown"
