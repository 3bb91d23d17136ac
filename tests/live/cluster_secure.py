#!/usr/bin/env python3
"""A cluster on a broker that asks who we are, and that we ask who it is: TLS with certificates of both sides, a .creds file,
and a file with a user and a password. What it finds is what one process finds; who has the wrong papers gets one line and
exit status 2.

    cluster_secure.py --tool RESTITCH CAPTURE

Exit 77, for skipped: nats-server or openssl is not installed, or the tool was built without NATS.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import broker_identity as identity
import cluster

BOTH = ["--tls-ca", "ca.pem", "--tls-cert", "client.pem", "--tls-key", "client.key"]


def setup_operator(folder):
    """Settings of the broker, the flags that it takes, and flags that it refuses."""
    settings = identity.tls_settings(folder, True) + identity.operator_settings(folder)
    good = [*BOTH, "--creds", "good.creds"]
    return settings, good, [[], BOTH, [*BOTH, "--creds", "bad.creds"], [*BOTH, "--creds", "none.creds"], good[:2] + good[6:],
                            ["--tls-ca", "other.pem", *BOTH[2:], "--creds", "good.creds"]]


def setup_password(folder):
    (folder / "user").write_text("sensor:a:b c\n")
    (folder / "wrong").write_text("sensor:a:b d\n")
    (folder / "empty").write_text("")
    settings = 'authorization { user: sensor, password: "a:b c" }\n'
    return settings, ["--creds", "user"], [[], ["--creds", "wrong"], ["--creds", "empty"]]


class Secure:
    def __init__(self, tool, folder, setup):
        settings, self.good, self.bad = setup(folder)
        self.tool, self.folder = tool, folder
        self.broker = cluster.Broker(folder, "-c", str(identity.write_settings(folder, settings)))

    def call(self, *words, flags=None, **more):
        log = ["--log", self.broker.url, *(self.good if flags is None else flags)]
        return subprocess.run([self.tool, *words, *log], cwd=self.folder, capture_output=True, check=False, timeout=120, **more)

    def must(self, *words):
        done = self.call(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode()}")
        return done.stdout

    def offences(self, capture):
        self.must("cluster", "create", "--partitions", "2", "--sensor", "one")
        for flags in self.bad:
            refused = self.call("cluster", "status", flags=flags)
            print(f"  refused: {refused.stderr.decode().strip()}")
            if refused.returncode != 2 or refused.stderr.count(b"\n") != 1 or not refused.stderr.startswith(b"restitch: "):
                yield f"{flags}: status {refused.returncode}, {refused.stderr.decode()}"
        self.must("sense", "--sensor", "one", "-q", str(capture))
        self.must("cluster", "drain")
        self.must("work", "-o", "found")
        truth = subprocess.run([self.tool, "streams", "--json", "-q", capture], capture_output=True, check=True).stdout
        if self.must("cluster", "cat", "-o", "found") != truth:
            yield "it finds something else than one process"

    def close(self):
        self.broker.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True, type=lambda name: str(Path(name).resolve()))
    parser.add_argument("capture", type=Path)
    options = parser.parse_args()
    reason = "openssl is not installed" if shutil.which("openssl") is None else cluster.reason_to_skip(options.tool)
    if reason:
        print(f"skipped: {reason}")
        return cluster.SKIPPED
    good = True
    for setup in (setup_operator, setup_password):
        with tempfile.TemporaryDirectory() as folder:
            secure = Secure(options.tool, Path(folder), setup)
            try:
                found = list(secure.offences(options.capture.resolve()))
            finally:
                secure.close()
        print(f"{setup.__name__}: {'as it should be' if not found else '; '.join(found)}")
        good = good and not found
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
