"""The clients of tests/app/transactions.py, in the client's namespace of a LossyNet: node, sockets, curl, openssl.

All run at once. What each got is compared with what the servers say; openssl does not say what it got.
"""
import collections
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys

from web_servers import PEERS, wait_until

NODE, RAW = ("node-h1", "node-h2"), ("pipeline", "one-each", "websocket")
SECONDS_MAX = 240


class WebClients:
    def __init__(self, net, directory):
        self.net, self.directory = net, pathlib.Path(directory)
        self.started = []  # (name, process)
        (self.directory / "got").mkdir()
        (self.directory / "keys").mkdir()

    def start(self, name, command, stdin=None, messages=None, **environment):
        with open(self.directory / f"{name}.got", "wb") as output:
            command = self.net.inside("client", [str(word) for word in command])
            process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=messages,
                                       start_new_session=True, env={**os.environ, **environment})
        self.started.append((name, process))
        return process

    def keys(self, name):
        return self.directory / "keys" / name

    def run(self, sessions, openssl):
        """`openssl`: (name, options, steps); a step is text to write, bytes to wait for, or None for the end."""
        try:
            self.start_lists(sessions)
            for session in sessions:
                if session["client"] == "curl":
                    self.start_curl(session)
            for name, options, steps in openssl:
                self.run_openssl(name, options, steps)
            for name, process in self.started:
                if process.wait(SECONDS_MAX) != 0:
                    raise RuntimeError(f"the client {name} ended with status {process.returncode}")
        finally:
            for _, process in self.started:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def start_lists(self, sessions):
        for name, kinds in (("node", NODE), ("raw", RAW)):
            plan = self.directory / f"{name}.plan"
            plan.write_text(json.dumps([session for session in sessions if session["client"] in kinds]))
        keylog = f"--tls-keylog={self.keys('node')}"
        self.start("node", ["node", keylog, PEERS / "client.mjs", self.directory / "node.plan"], NODE_NO_WARNINGS="1")
        self.start("raw", [sys.executable, "-B", PEERS / "raw_client.py", self.directory / "raw.plan"])

    def start_curl(self, session):
        """One process that keeps its connection; with `each`, one process for each request."""
        blocks = [self.curl_block(session, request) for request in session["requests"]]
        configs = []
        for number, text in enumerate(blocks if session.get("each") else ["next\n".join(blocks)]):
            configs.append(self.directory / f"{session['name']}.{number}.curl")
            configs[-1].write_text(text)
        parallel = "--parallel --parallel-max 10" if session.get("parallel") else ""
        loop = f'for config; do curl --disable --no-progress-meter {parallel} --config "$config" || exit; done'
        self.start(session["name"], ["sh", "-c", loop, "sh", *configs], SSLKEYLOGFILE=str(self.keys(session["name"])))

    def curl_block(self, session, request):
        got = self.directory / "got" / request["id"]
        got.touch()  # curl makes no file for an empty body
        lines = [f'url = "{session["base"]}{request["path"]}"', "insecure", session.get("http", "http1.1"),
                 f'output = "{got}"', rf'write-out = "{request["id"]} %{{http_code}}\n"', f"max-time = {SECONDS_MAX}",
                 'header = "Expect:"']
        lines += [f'header = "{name}: {value}"' for name, value in request["headers"].items()]
        lines += session.get("curl", [])
        if request["method"] == "HEAD":
            lines.append("head")
        elif request["method"] != "GET":
            lines.append(f"request = {request['method']}")
        if request.get("upload"):
            upload = self.directory / "got" / f"{request['id']}.upload"
            upload.write_bytes(random.Random(request["id"]).randbytes(request["upload"]["size"]))
            lines += [f'data-binary = "@{upload}"', 'header = "Content-Type: application/octet-stream"']
        return "\n".join(lines) + "\n"

    def run_openssl(self, name, options, steps):
        process = self.start(name, ["openssl", "s_client", "-keylogfile", self.keys(name), *options],
                             stdin=subprocess.PIPE, messages=subprocess.STDOUT)
        shown = self.directory / f"{name}.got"
        seen = collections.Counter()
        for step in steps:
            if step is None:
                process.wait(SECONDS_MAX)
            elif isinstance(step, str):
                process.stdin.write(step.encode())
                process.stdin.flush()
            else:
                seen[step] += 1
                wait_until(lambda step=step: shown.read_bytes().count(step) >= seen[step], SECONDS_MAX, repr(step))
        process.stdin.close()
        process.wait(SECONDS_MAX)

    def got(self, sessions):
        """id → what a client says came: status, size and SHA-256."""
        found = {}
        for name in ("node", "raw"):
            for line in (self.directory / f"{name}.got").read_text().splitlines():
                row = json.loads(line)
                found[row["id"]] = row
        for session in sessions:
            if session["client"] == "curl":
                methods = {request["id"]: request["method"] for request in session["requests"]}
                for line in (self.directory / f"{session['name']}.got").read_text().splitlines():
                    request_id, status = line.split()
                    body = b"" if methods[request_id] == "HEAD" else (self.directory / "got" / request_id).read_bytes()
                    found[request_id] = {"status": int(status), "size": len(body),
                                         "sha256": hashlib.sha256(body).hexdigest()}
        return found

    def write_keys(self, path):
        path.write_bytes(b"".join(file.read_bytes() for file in sorted((self.directory / "keys").iterdir())))
