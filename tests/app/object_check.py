"""Which bodies of a truth a program finds in a capture, byte for byte, and what it takes. Used by transactions.py."""
import collections
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

INDEX = "index.jsonl"


class Body:
    """One of a transaction: which, and of what kind."""

    def __init__(self, row, side):
        body = row[side]
        self.digest, self.url = body["sha256"], row["url"]
        self.name = f"{row['id']} {row['method']} {row['status']}, the {side}, {body['size']} bytes"
        self.depth = (row["tls"] is not None) + (row["protocol"] == "HTTP/2")
        self.kind = " ".join(filter(None, [row["protocol"], row["tls"] and row["tls"]["version"], body["coding"]]))


class Bodies:
    """All bodies of a truth, each a response's or a request's, as a multiset of digests of the decoded bytes."""

    def __init__(self, transactions, messages):
        self.bodies, self.coded = collections.defaultdict(list), set()
        for row in transactions:
            for side in ("response", "request"):
                body = row[side]
                if body["size"]:
                    self.bodies[body["sha256"]].append(Body(row, side))
                    if body.get("sent_sha256", body["sha256"]) != body["sha256"]:
                        self.coded.add(body["sent_sha256"])
        for equal in self.bodies.values():
            equal.sort(key=lambda body: body.depth)  # of equal bodies the easier ones are taken to be there
        self.count = sum(map(len, self.bodies.values()))
        self.messages = {row["sha256"] for row in messages}

    def compare(self, found):
        """`found`: digest → how many files."""
        missing = [body for digest, bodies in self.bodies.items() for body in bodies[found[digest]:]]
        extra = {digest: count - len(self.bodies.get(digest, ())) for digest, count in found.items()}
        coded = sum(count for digest, count in extra.items() if count > 0 and digest in self.coded)
        foreign = [digest for digest, count in extra.items() if count > 0
                   and digest not in self.coded and digest not in self.messages]
        return Result(self.count - len(missing), coded, missing, foreign)

    def wrongly_named(self, directory):
        """What the index of restitch says of the files, where it is not so: digests, sizes, URLs."""
        rows = [json.loads(line) for line in (pathlib.Path(directory) / INDEX).read_text().splitlines()]
        rows = [row for row in rows if "file" in row]
        urls = {(row["sha256"], row.get("url")) for row in rows}
        found = {row["sha256"] for row in rows}
        for row in rows:
            data = (pathlib.Path(directory) / row["file"]).read_bytes()
            if (row["sha256"], row["file_size"]) != (hashlib.sha256(data).hexdigest(), len(data)):
                yield f"the index is wrong about {row['file']}"
        for body in (each for equal in self.bodies.values() if len(equal) == 1 for each in equal):
            if body.digest in found and (body.digest, body.url) not in urls:
                yield f"the index has another URL than {body.url} for {body.name}"


class Result:
    def __init__(self, exact, coded, missing, foreign):
        self.exact, self.coded, self.missing, self.foreign = exact, coded, missing, foreign
        self.misnamed = []  # of those that have an index


class Extractor:
    """A program that writes objects into a folder; `command` makes its words of capture, keys and folder."""

    def __init__(self, name, command, keep=lambda path: path.name != INDEX):
        self.name, self.command, self.keep = name, command, keep

    def installed(self):
        return shutil.which(str(self.command("", "", "")[0])) is not None

    def run(self, capture, keys, directory):
        """Digest → how many files, and CPU seconds."""
        command = [str(word) for word in self.command(capture, keys, directory)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=directory) as process:
            messages = process.stderr.read().decode(errors="replace")
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{messages[-2000:]}")
        paths = [path for path in pathlib.Path(directory).rglob("*")
                 if path.is_file() and path.stat().st_size and self.keep(path)]
        found = collections.Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
        return found, used.ru_utime + used.ru_stime


def restitch(tool, decrypts=True):
    return Extractor("restitch", lambda capture, keys, folder: [
        tool, "extract", "-q", "--objects", *(["--keylog", keys] if decrypts else []), "-o", folder, capture])


def rivals():
    preferences = ["-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.check_checksum:FALSE"]
    return [
        Extractor("tshark", lambda capture, keys, folder: [
            "tshark", "-q", "-r", capture, "-o", f"tls.keylog_file:{keys}", *preferences, "--export-objects",
            f"http,{folder}"]),
        Extractor("tcpflow", lambda capture, keys, folder: [
            "tcpflow", "-q", "-a", "-e", "http", "-r", capture, "-o", folder],
                  keep=lambda path: "-HTTPBODY" in path.name),
    ]


def check(extractor, bodies, capture, keys):
    """Result and CPU seconds; None: not installed."""
    if not extractor.installed():
        return None
    with tempfile.TemporaryDirectory(prefix="restitch-objects-") as directory:
        found, seconds = extractor.run(capture, keys, directory)
        result = bodies.compare(found)
        result.seconds = seconds
        if (pathlib.Path(directory) / INDEX).exists():
            result.misnamed = list(bodies.wrongly_named(directory))
        return result


def print_table(bodies, results):
    print(f"| program | of {bodies.count:,} bodies | left coded | missing | nobody's | CPU s |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, result in results.items():
        if result is None:
            print(f"| {name} | not installed | | | | |")
        else:
            print(f"| {name} | {result.exact:,} | {result.coded:,} | {len(result.missing):,} | {len(result.foreign):,} "
                  f"| {result.seconds:.2f} |")


def print_missing(name, result, shown):
    """How many of each kind, and the first of them."""
    kinds = collections.Counter(body.kind for body in result.missing)
    for kind, count in sorted(kinds.items()):
        print(f"{name} misses {count} of {kind}")
    for body in result.missing[:shown]:
        print(f"{name} has not: {body.name} ({body.kind})")
    for digest in result.foreign[:shown]:
        print(f"{name} has what nobody sent: {digest}")
    for line in result.misnamed[:shown]:
        print(f"{name}: {line}")


def self_test():
    """One body is right, one missing, one coded, one nobody's, and one that there should be twice is there once."""
    def body(data, coded=b""):
        row = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "coding": ""}
        return row | {"sent_sha256": hashlib.sha256(coded).hexdigest()} if coded else row

    def transaction(name, response, request=None):
        return {"id": name, "url": f"/{name}", "method": "GET", "status": 200, "protocol": "HTTP/1.1", "tls": None,
                "response": response, "request": request or {"size": 0}}
    bodies = Bodies([transaction("a", body(b"right"), body(b"twice")), transaction("b", body(b"missing")),
                     transaction("c", body(b"plain", b"coded"), body(b"twice"))], [body(b"message")])
    script = 'cd "$0" && for name in right twice coded foreign message; do printf %s $name >$name; done; : >empty'
    result = check(Extractor("sh", lambda capture, keys, folder: ["sh", "-c", script, folder]), bodies, "", "")
    print_table(bodies, {"sh": result, "no": None})
    missing = sorted(body.name.split()[0] for body in result.missing)
    right = (result.exact, result.coded, missing, len(result.foreign)) == (2, 1, ["b", "c", "c"], 1)
    return 0 if right else 1
