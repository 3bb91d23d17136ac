"""The servers of tests/app/transactions.py, in the server's namespace of a LossyNet: node, nghttpx before it, nginx.

Each says what it answered: node in JSON (peers/server.mjs), nginx in its access log, to which the files belong that it
served. nghttpx only turns h2c that begins with an Upgrade into requests to node.
"""
import contextlib
import gzip
import hashlib
import json
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from lossy_net import SERVER_ADDRESS, stop, wait_until  # noqa: E402 (behind sys.path)

PEERS = pathlib.Path(__file__).resolve().parent / "peers"
KEPT_SECONDS = 20  # longer than any client is idle

NGINX_CONF = """
daemon off;
master_process off;
user root;
error_log stderr error;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
  log_format truth escape=json '{{"id":"$arg_id","method":"$request_method","scheme":"$scheme","host":"$http_host",'
    '"uri":"$request_uri","status":$status,"protocol":"$server_protocol","version":"$ssl_protocol",'
    '"cipher":"$ssl_cipher","coding":"$sent_http_content_encoding","range":"$sent_http_content_range"}}';
  access_log access.jsonl truth;
  default_type application/octet-stream;
  types {{ text/plain txt; }}
  if_modified_since before;
  keepalive_requests 1000;
  lingering_close always;
  client_max_body_size 0;
  client_body_temp_path body;
  gzip on;
  gzip_types text/plain;
  gzip_min_length 20;
  server {{
    listen {v4}:80;
    listen {v4}:443 ssl http2;
    listen [{v6}]:443 ssl http2;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_early_data on;
    root www;
    location /static/ {{ gzip off; gzip_static on; }}
    location /put/ {{ dav_methods PUT; }}
  }}
}}
"""


def make_certificate(directory):
    key, certificate = directory / "server.key", directory / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                    "/CN=restitch.test", "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
    return key, certificate


def nginx_file(name, size):
    source = random.Random(name)
    if not name.endswith(".txt"):
        return source.randbytes(size)
    words = " ".join(source.choices(["alpha", "beta", "gamma", "delta", "epsilon"], k=size // 4 + 1))
    return words.encode()[:size]


class WebServers:
    """`files`: name → size of what nginx serves; below static/ there is also a coded copy of each."""

    def __init__(self, net, directory, files):
        self.net, self.directory, self.files = net, pathlib.Path(directory), files
        self.truth_file = self.directory / "node.jsonl"

    @contextlib.contextmanager
    def running(self):
        key, certificate = make_certificate(self.directory)
        self.write_files(key, certificate)
        nghttpx = ["nghttpx", "--conf=/dev/null", "--workers=1", f"--errorlog-file={self.directory}/nghttpx.log",
                   f"--frontend={SERVER_ADDRESS[4]},8083;no-tls", f"--backend={SERVER_ADDRESS[4]},8080",
                   f"--frontend-keep-alive-timeout={KEPT_SECONDS}", "--backend-keep-alive-timeout=1"]
        nginx = ["nginx", "-p", self.directory, "-c", self.directory / "nginx.conf", "-e", "stderr"]
        with open(self.truth_file, "wb") as truth:
            node = ["node", PEERS / "server.mjs", "::", key, certificate]
            started = [subprocess.Popen(self.inside(node), stdout=truth)]
            try:
                started += [subprocess.Popen(self.inside(command)) for command in (nghttpx, nginx)]
                wait_until(self.listening, 20, "all servers")
                yield
            finally:
                for process in started:
                    stop(process)

    def inside(self, command):
        return self.net.inside("server", [str(word) for word in command])

    def listening(self):
        ports = set(re.findall(r":(\d+) ", self.net.output_of("server", ["ss", "-Hltn"])))
        return {"80", "443", "8080", "8081", "8082", "8083", "8084", "8443", "8444", "8445", "8446"} <= ports

    def write_files(self, key, certificate):
        for folder in ("www/static", "www/put", "body"):
            (self.directory / folder).mkdir(parents=True)
        for name, size in self.files.items():
            path = self.directory / "www" / name
            path.write_bytes(nginx_file(path.name, size))
            if path.parent.name == "static":
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        conf = NGINX_CONF.format(v4=SERVER_ADDRESS[4], v6=SERVER_ADDRESS[6], key=key, certificate=certificate)
        (self.directory / "nginx.conf").write_text(conf)

    def transactions(self):
        """What both servers answered, and the WebSocket messages."""
        rows = [json.loads(line) for line in self.truth_file.read_text().splitlines()]
        for row in rows:
            if ":8083/" in row.get("url", ""):  # to nghttpx, which asked node in HTTP/1.1
                row["protocol"] = "HTTP/2"
        rows += [self.of_nginx(json.loads(line)) for line in (self.directory / "access.jsonl").read_text().splitlines()]
        return [row for row in rows if not row.get("message")], [row for row in rows if row.get("message")]

    def of_nginx(self, row):
        path = self.directory / "www" / row["uri"].split("?")[0].lstrip("/")
        upload = path.read_bytes() if row["method"] == "PUT" else b""
        body = b"" if row["method"] in ("PUT", "HEAD") or row["status"] == 304 else path.read_bytes()
        found = re.fullmatch(r"bytes (\d+)-(\d+)/\d+", row["range"])
        if found:
            body = body[int(found[1]):int(found[2]) + 1]
        sent = body
        if row["coding"]:  # what nginx codes itself is known to its clients only
            coded = path.with_name(path.name + ".gz")
            sent = coded.read_bytes() if coded.exists() else None
        tls = {"version": row["version"], "cipher": row["cipher"]} if row["version"] else None
        return {"id": row["id"], "method": row["method"], "url": f"{row['scheme']}://{row['host']}{row['uri']}",
                "protocol": row["protocol"].removesuffix(".0") if row["protocol"] == "HTTP/2.0" else row["protocol"],
                "tls": tls, "status": row["status"], "response": described(body, sent, row["coding"]),
                "request": described(upload, upload, "")}


def described(body, sent, coding):
    """As peers/bodies.mjs does."""
    if not body:
        return {"size": 0}
    digest = hashlib.sha256(body).hexdigest()
    row = {"size": len(body), "sha256": digest, "coding": coding}
    if sent is not None:
        row |= {"sent_size": len(sent), "sent_sha256": hashlib.sha256(sent).hexdigest()}
    return row
