"""Who may talk to a broker, made with openssl(1): certificates, and what NATS calls an operator, with accounts and a user
whose .creds file proves who it is. All of it is new each time and good for nothing else.
"""
import base64
import hashlib
import json
import subprocess
import time
from pathlib import Path

# First letters of NATS' keys, as its base 32 has them.
OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3
UNLIMITED = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf")} | {"wildcards": True}
JETSTREAM = {name: -1 for name in ("mem_storage", "disk_storage", "streams", "consumer")}


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, check=True).stdout


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc.to_bytes(2, "little")


def base32(data):
    return base64.b32encode(data + crc16(data)).decode().rstrip("=")


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """An ed25519 key of one kind."""

    def __init__(self, folder, kind, name):
        self.path, self.kind, self.name = folder / f"{name}.pem", kind, name
        openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)

    def public(self):
        return base32(bytes([self.kind]) + openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:])

    def seed(self):
        secret = openssl("pkey", "-in", self.path, "-outform", "DER")[-32:]
        return base32(bytes([SEED | self.kind >> 5, (self.kind & 31) << 3]) + secret)

    def sign(self, text):
        signed = self.path.with_suffix(".txt")
        signed.write_text(text)
        return openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", signed)

    def token(self, subject, **nats):
        """A JWT in which this key says something of another."""
        claims = {"iat": int(time.time()), "iss": self.public(), "name": subject.name, "sub": subject.public(),
                  "nats": {**nats, "version": 2}}
        claims["jti"] = base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, claims]
        text = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        return f"{text}.{base64url(self.sign(text))}"


def write_creds(path, token, key):
    path.write_text(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
                    f"-----BEGIN USER NKEY SEED-----\n{key.seed()}\n------END USER NKEY SEED------\n")
    path.chmod(0o600)


def operator_settings(folder):
    """Lines for nats-server's file, with good.creds and stranger.creds beside it."""
    operator = Key(folder, OPERATOR, "operator")
    system, account, stranger = (Key(folder, ACCOUNT, name) for name in ("system", "account", "stranger"))
    limits = {system: UNLIMITED, account: UNLIMITED | JETSTREAM}
    tokens = {key.public(): operator.token(key, limits=limits[key], type="account") for key in limits}
    free = {name: -1 for name in ("subs", "data", "payload")}
    for issuer, name in ((account, "good"), (stranger, "bad")):
        user = Key(folder, USER, name)
        write_creds(folder / f"{name}.creds", issuer.token(user, pub={}, sub={}, type="user", **free), user)
    (folder / "operator.jwt").write_text(operator.token(operator, type="operator"))
    preload = "\n".join(f"  {key}: {token}" for key, token in tokens.items())
    return (f'operator: "{folder}/operator.jwt"\nsystem_account: {system.public()}\nresolver: MEMORY\n'
            f"resolver_preload: {{\n{preload}\n}}\n")


def tls_settings(folder, asks_client):
    """The same for TLS, with ca.pem, other.pem and a client's certificate, client.pem and client.key, beside it."""
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out",
                folder / f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")
    for name in ("server", "client"):
        extension = folder / f"{name}.ext"
        extension.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        request = openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-subj", f"/CN={name}")
        (folder / f"{name}.pem").write_bytes(openssl("x509", "-req", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
                                                     "-CAcreateserial", "-days", "2", "-extfile", extension, stdin=request))
    return (f'tls {{ cert_file: "{folder}/server.pem", key_file: "{folder}/server.key", ca_file: "{folder}/ca.pem", '
            f"verify: {'true' if asks_client else 'false'} }}\n")


def write_settings(folder: Path, *texts):
    path = folder / "nats.conf"
    path.write_text("".join(texts))
    return path
