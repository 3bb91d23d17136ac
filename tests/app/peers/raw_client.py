#!/usr/bin/env -S python3 -B
"""The client of tests/app/transactions.py that writes its requests itself: pipelined, HTTP/1.0, WebSocket.

  raw_client.py PLAN >GOT

PLAN is a JSON list of sessions (tests/app/plan.py). GOT gets a JSON object for each response: what came.
"""
import base64
import concurrent.futures
import hashlib
import http.client
import json
import pathlib
import random
import socket
import struct
import sys
import threading
import zlib

SECONDS_MAX = 240
CHUNKED_FROM = 3000
TAIL = b"\0\0\xff\xff"


def got(request_id, status, body):
    digest = hashlib.sha256(body).hexdigest()
    sys.stdout.write(json.dumps({"id": request_id, "status": status, "size": len(body), "sha256": digest}) + "\n")


class Incoming:
    """Several responses from one connection: http.client would take more than its own."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")
        self.file.close_really, self.file.close = self.file.close, lambda: None

    def makefile(self, _mode):
        return self.file

    def response(self, method):
        status = 100
        while status < 200:  # 103 Early Hints: http.client knows 100 alone
            response = http.client.HTTPResponse(self, method=method)
            response.begin()
            status = response.status
        return status, response.read()


def connect(session):
    return socket.create_connection((session["host"], session["port"]), SECONDS_MAX)


def chunks_of(body, source):
    out = b""
    while body:
        size = min(len(body), source.choice([1, 7, 100, 4000]))
        out += b"%x\r\n%s\r\n" % (size, body[:size])
        body = body[size:]
    return out + b"0\r\n\r\n"


def bytes_of(session, request, source, last):
    lines = [f"{request['method']} {request['path']} HTTP/{session['version']}",
             f"Host: {session['host']}:{session['port']}"]
    lines += [f"{name}: {value}" for name, value in request.get("headers", {}).items()]
    body = b""
    if request.get("upload"):
        body = source.randbytes(request["upload"]["size"])
        chunked = len(body) >= CHUNKED_FROM
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}")
        body = chunks_of(body, source) if chunked else body
    if last:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def pipeline(session):
    """All requests at once, in segments whose borders are anywhere, then all responses."""
    source = random.Random(session["name"])
    requests = session["requests"]
    data = b"".join(bytes_of(session, each, source, each is requests[-1]) for each in requests)
    with connect(session) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writer = threading.Thread(target=write_in_pieces, args=(connection, data, source))
        writer.start()
        incoming = Incoming(connection)
        for request in requests:
            got(request["id"], *incoming.response(request["method"]))
        writer.join()


def write_in_pieces(connection, data, source):
    while data:
        size = source.randint(1, 3000)
        connection.sendall(data[:size])
        data = data[size:]


def one_each(session):
    """A connection for each request."""
    source = random.Random(session["name"])
    for request in session["requests"]:
        with connect(session) as connection:
            connection.sendall(bytes_of(session, request, source, last=session["version"] != "1.0"))
            got(request["id"], *Incoming(connection).response(request["method"]))


class WebSocket:
    def __init__(self, session):
        self.source = random.Random(session["name"])
        self.connection = connect(session)
        self.incoming = self.connection.makefile("rb")
        self.deflate = zlib.compressobj(wbits=-15)
        request = session["requests"][0]
        key = base64.b64encode(self.source.randbytes(16)).decode()
        self.connection.sendall((f"GET {request['path']} HTTP/1.1\r\nHost: {session['host']}:{session['port']}\r\n"
                                 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 f"Sec-WebSocket-Key: {key}\r\n"
                                 "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").encode())
        status = int(self.incoming.readline().split()[1])
        while self.incoming.readline().strip():
            pass
        got(request["id"], status, b"")

    def say(self, opcode, payload, compressed):
        if compressed:
            payload = self.deflate.compress(payload) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
            payload = payload.removesuffix(TAIL)
        head = bytes([0x80 | (0x40 if compressed else 0) | opcode])
        size = len(payload)
        head += bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size)
        mask = self.source.randbytes(4)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.connection.sendall(head + mask + masked)

    def opcode(self):
        """Of the next frame, which is read and thrown away."""
        first, size = self.incoming.read(2)
        if size == 126:
            size = struct.unpack(">H", self.incoming.read(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.incoming.read(8))[0]
        self.incoming.read(size)
        return first & 15


def web_socket(session):
    talk = WebSocket(session)
    for number in range(session["messages"]):
        payload = b"a message of the client, number %d; " % number * (number + 1)
        talk.say(1 if number % 2 else 2, payload[:50000], compressed=number % 3 != 0)
    while talk.opcode() != 8:
        pass
    talk.say(8, struct.pack(">H", 1000), compressed=False)
    talk.incoming.read()
    talk.connection.close()


def main():
    kinds = {"pipeline": pipeline, "one-each": one_each, "websocket": web_socket}
    sessions = json.loads(pathlib.Path(sys.argv[1]).read_text())
    with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
        for done in [pool.submit(kinds[session["client"]], session) for session in sessions]:
            done.result()


if __name__ == "__main__":
    main()
