"""What tests/app/transactions.py has its clients ask for: sessions, each a client, a server and a list of requests.

A request is {"id", "method", "path", "headers", "upload"}; the path tells peers/server.mjs what to answer. The same
seed gives the same plan.
"""
import random
import urllib.parse

HOSTS = {4: "192.0.2.2", 6: "[2001:db8::2]"}
CODINGS = ["", "gzip", "deflate", "br", "zstd", "", "members", "rawdeflate", "deflate, gzip", "gzip, br"]
SIZES = [300, 1, 2500, 0, 14_000, 700, 40_000, 1460, 5000]
MIB = 1 << 20
SUITES = {  # of TLS 1.3, and what is asked for in TLS 1.2
    "TLSv1.3": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
    "TLSv1.2": ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"],
}
CBC_SUITES = ["ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384", "AES256-SHA"]
WITH_BODY = ["POST", "PUT", "PATCH"]
OPENSSL_IDS = ["early-0", "early-1", "update-0", "update-1", "update-2", "update-3"]


class Plan:
    def __init__(self, seed):
        self.source = random.Random(seed)
        self.sessions = []

    def request(self, name, number, methods, chunked="chunked"):
        """The requests go through codings and sizes, whose numbers have no common divisor, and draw the rest."""
        method = methods[number % len(methods)]
        asked = {"size": SIZES[number % len(SIZES)], "kind": self.source.choice(["text", "random"]),
                 "coding": CODINGS[number % len(CODINGS)]}
        if number % 3 == 0:
            asked["framing"] = chunked
            if number % 6 == 0 and chunked == "chunked":
                asked["trailers"] = "1"
        if number % 23 == 7:
            asked["status"] = str(self.source.choice([204, 304, 404, 500]))
        if number % 29 == 11:
            asked["hints"] = "1"
        request = {"id": f"{name}-{number}", "method": method, "headers": {}}
        if method in WITH_BODY:
            size = SIZES[(number + 4) % len(SIZES)]
            request["upload"] = {"size": size, "kind": "text", "coding": "gzip" if number % 5 == 0 and size > 1 else ""}
        if number % 17 == 3 and method == "GET" and asked["size"] > 100 and not asked["coding"]:
            request["headers"]["Range"] = f"bytes=10-{asked['size'] - 20}"
        return self.with_path(request, asked)

    @staticmethod
    def with_path(request, asked):
        request["path"] = f"/{request['id']}?" + urllib.parse.urlencode({k: v for k, v in asked.items() if v != ""})
        return request

    def large(self, name, number, coding="", kind="random", framing="length"):
        asked = {"size": MIB, "kind": kind, "coding": coding, "framing": framing}
        return self.with_path({"id": f"{name}-large-{number}", "method": "GET", "headers": {}}, asked)

    def requests(self, name, count, methods=("GET",), chunked="chunked"):
        return [self.request(name, number, list(methods), chunked) for number in range(count)]

    def add(self, client, name, port, requests, family=4, **settings):
        tls = settings.get("tls") or settings.get("scheme") == "https"
        self.sessions.append({
            "client": client, "name": name, "host": HOSTS[family].strip("[]"), "port": port, "requests": requests,
            "base": f"{'https' if tls else 'http'}://{HOSTS[family]}:{port}", **settings})


def add_plain(plan):
    mixed = ["GET", "GET", "POST", "GET", "HEAD", "GET", "PUT"]
    large = [plan.large("alive", i, coding, "text" if coding else "random", "chunked" if i % 2 else "length")
             for i, coding in enumerate(["", "gzip", "br", "zstd", ""])]
    plan.add("node-h1", "alive", 8080, plan.requests("alive", 200, mixed) + large, sockets=6)
    plan.add("node-h1", "alive6", 8080, plan.requests("alive6", 60, mixed), family=6, sockets=3)
    plan.add("curl", "curl", 8080, plan.requests("curl", 50, ["GET", "POST", "HEAD", "GET"]), family=6)
    for number in range(6):
        name = f"pipe{number}"
        requests = plan.requests(name, 30, ["GET", "HEAD", "POST", "GET", "GET", "PUT", "GET"])
        for request in requests:
            request["path"] = request["path"].replace("&hints=1", "")  # node writes it before what waits
            request.get("upload", {})["coding"] = ""  # the client makes bytes of its own
        plan.add("pipeline", name, 8080, requests, version="1.1")
    plan.add("one-each", "close", 8080, plan.requests("close", 20, chunked="close"), version="1.1")
    plan.add("one-each", "old", 8081, plan.requests("old", 30, chunked="close"), version="1.0")
    plan.add("one-each", "chunks", 8081, plan.requests("chunks", 20, chunked="extensions"), version="1.1")
    for number in range(3):
        opening = {"id": f"talk{number}", "method": "GET", "path": f"/talk{number}?messages=12"}
        plan.add("websocket", opening["id"], 8080, [opening], messages=12)


def add_http2(plan):
    mixed = ["GET", "GET", "POST", "HEAD", "GET", "PUT"]
    settings = [{}, {"headerTableSize": 0, "maxFrameSize": 65536}, {"headerTableSize": 65536, "initialWindowSize": MIB}]
    for number, each in enumerate(settings):
        name = f"h2c{number}"
        requests = plan.requests(name, 60, mixed) + [plan.large(name, 0, "zstd" if number else "", "text")]
        requests[0]["path"] += "&fields=20000"
        requests[1]["path"] += "&push=" + urllib.parse.quote(f"/{name}-pushed?size=3000&kind=random")
        requests[2]["headers"]["x-long"] = "r" * 20000
        plan.add("node-h2", name, 8084 if number == 1 else 8082, requests, settings=each)
    plan.add("curl", "prior", 8082, plan.requests("prior", 20, ["GET", "POST", "GET"]), http="http2-prior-knowledge",
             each=True)  # curl 7.88 fails to use such a connection again
    for number in range(3):
        name = f"upgrade{number}"
        plan.add("curl", name, 8083, plan.requests(name, 14, ["GET", "GET", "HEAD", "POST"]), http="http2")


def add_tls(plan):
    mixed = ["GET", "POST", "GET", "GET", "HEAD"]
    for version, suites in SUITES.items():
        for number, suite in enumerate(suites):
            tls = {"minVersion": version, "maxVersion": version, "ciphers": suite}
            name = f"tls{version[-1]}{number}"
            large = [plan.large(name, 0, "gzip" if number else "", "random" if number % 2 else "text")]
            plan.add("node-h1", name, 8443, plan.requests(name, 24, mixed) + large, tls=tls, sockets=2)
            plan.add("node-h2", f"{name}h2", 8446 if number == 1 else 8443, plan.requests(f"{name}h2", 24, mixed), tls=tls,
                     settings={})
    for number, suite in enumerate(CBC_SUITES):
        for port in (8443, 8445):  # encrypt-then-MAC, and MAC-then-encrypt
            name = f"cbc{number}{'old' if port == 8445 else ''}"
            tls = {"minVersion": "TLSv1.2", "maxVersion": "TLSv1.2", "ciphers": f"{suite}:@SECLEVEL=0"}
            plan.add("node-h1", name, port, plan.requests(name, 10, mixed), tls=tls, sockets=1)
    for version in SUITES:
        name = f"resume{version[-1]}"
        tls = {"minVersion": version, "maxVersion": version}
        plan.add("node-h1", name, 8443, plan.requests(name, 10), tls=tls, resume=True)
    plan.add("curl", "retry", 8444, plan.requests("retry", 12, ["GET", "POST"]), scheme="https", http="http2")
    plan.add("curl", "retry1", 8444, plan.requests("retry1", 6), scheme="https", http="http1.1", family=6)


def nginx_request(name, number, files):
    """The files in turn: whole, coded, a part of them, not again, and some that come instead."""
    ways = ["gzip", "", "range", "static", "fresh", "put", "head", "gzip", "static"]
    way, size = ways[number % len(ways)], SIZES[number % len(SIZES)] + 40
    file = f"{'put' if way == 'put' else 'static' if way == 'static' else '.'}/{name}-{number}.txt"
    headers = {"gzip": {"Accept-Encoding": "gzip"}, "static": {"Accept-Encoding": "gzip"},
               "range": {"Range": f"bytes=5-{size - 10}"},
               "fresh": {"If-Modified-Since": "Tue, 19 Jan 2038 00:00:00 GMT"}}.get(way, {})
    request = {"id": f"{name}-{number}", "method": {"put": "PUT", "head": "HEAD"}.get(way, "GET"), "headers": headers,
               "path": f"/{file.removeprefix('./')}?id={name}-{number}"}
    if way == "put":
        request["upload"] = {"size": size}
    else:
        files[file] = size
    return request


def add_nginx(plan, files):
    def requests(name, count):
        return [nginx_request(name, number, files) for number in range(count)]
    plan.add("curl", "nginx", 80, requests("nginx", 60), http="http1.1")
    plan.add("curl", "nginxh2", 443, requests("nginxh2", 50), scheme="https", http="http2", parallel=True, family=6)
    for number, suite in enumerate(["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384"]):
        name = f"nginx12{number}"
        curl = ["tls-max = 1.2", f'ciphers = "{suite}"']
        plan.add("curl", name, 443, requests(name, 18), scheme="https", http="http1.1", curl=curl)
    for request_id in OPENSSL_IDS:
        files[f"{request_id}.bin"] = 20_000


def openssl_runs(directory):
    """Early data, and new keys in the middle: (name, options, what is written and what is waited for)."""
    host = ["-connect", f"{HOSTS[4]}:443"]

    def get(request_id, last=True):
        close = "Connection: close\r\n" if last else ""
        return f"GET /{request_id}.bin?id={request_id} HTTP/1.1\r\nHost: {HOSTS[4]}\r\n{close}\r\n"
    session, early = directory / "session.pem", directory / "early"
    early.write_text(get("early-1", last=False))
    answered, updated = b"HTTP/1.1 200", b"KEYUPDATE"
    first, again, *others = OPENSSL_IDS
    updates = [step for request_id in others[:-1] for step in (get(request_id, last=False), answered, "K\n", updated)]
    return [(first, [*host, "-quiet", "-sess_out", session], [get(first), None]),
            (again, [*host, "-sess_in", session, "-early_data", early], [b"Early data was accepted", answered]),
            ("update", host, [*updates, get(others[-1]), None])]


def make_plan(seed):
    """Sessions, and the files that nginx needs for them."""
    plan, files = Plan(seed), {}
    add_nginx(plan, files)
    add_plain(plan)
    add_http2(plan)
    add_tls(plan)
    return plan.sessions, files
