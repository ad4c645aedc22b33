"""A proxy on loopback behind which whole hosts are made up: real clients run unchanged, nothing leaves.

Plain requests and, with certificates from its own authority, CONNECT tunnels are answered by one host each:
a function `answer(method, path) -> (status, headers, chunks)`, or an object with `answer(request)` where
headers and body matter. `hosts` takes names, and patterns like `*.googlevideo.com`.
"""

from __future__ import annotations

import contextlib
import datetime
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = tuple[int, dict[str, str], Iterable[bytes]]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    host: str
    path: str  # with the query
    headers: Mapping[str, str]  # of any case
    body: bytes


class Host(Protocol):
    """A made-up host that looks at the whole request."""

    def answer(self, request: Request) -> Answer:
        """Status, headers and the chunks of the body."""


AnyHost = Host | Callable[[str, str], Answer]


class Authority:
    """Makes certificates for any host; `ca.pem` in its folder is what clients must trust."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._certificate, self._key = _sign("fake internet", None, None)
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                certificate, key = _sign(host, self._certificate, self._key)
                path = self._folder / f"{len(self._contexts)}.pem"
                private = key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(path)
                context.set_alpn_protocols(["http/1.1"])
                self._contexts[host] = context
            return self._contexts[host]


class FakeInternet:
    """`hosts` maps names to what answers for them; `asked` holds every (method, host, path), `tunnels` every
    authority (host:port) that a tunnel was wanted to, `shown` every Proxy-Authorization.
    """

    def __init__(self, folder: Path):
        self.hosts: dict[str, AnyHost] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.tunnels: list[str] = []
        self.shown: list[str] = []
        self.authority = Authority(folder)
        internet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            tunnel_host = ""

            def do_CONNECT(self) -> None:
                internet.tunnels.append(self.path)
                internet.shown += self.headers.get_all("Proxy-Authorization", [])
                self.send_response(200)
                self.end_headers()
                self.tunnel_host = self.path.rsplit(":", 1)[0]
                context = internet.authority.context(self.tunnel_host)
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.close_connection = False

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                host = self.tunnel_host or parts.hostname or ""
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                internet.asked.append((self.command, host, path))
                internet.shown += self.headers.get_all("Proxy-Authorization", [])
                status, headers, chunks = internet.answer(
                    Request(self.command, host, path, self.headers, content)
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                if self.command != "HEAD":
                    for chunk in chunks:
                        self.wfile.write(chunk)

            do_GET = do_POST = do_HEAD = answer

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients hang up in the middle, as tested

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: Request) -> Answer:
        """What the request's host says, which may be that there is nothing."""
        host = self.hosts.get(request.host) or next(
            (host for name, host in self.hosts.items() if fnmatchcase(request.host, name)), _nothing
        )
        return host(request.method, request.path) if callable(host) else host.answer(request)

    def environment(self) -> dict[str, str]:
        """Settings that send every client here."""
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), self.url)
        trusted = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        return {
            **proxies,
            "NO_PROXY": "",
            "no_proxy": "",
            **dict.fromkeys(trusted, str(self.authority.ca_file)),
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def body(data: bytes, content_type: str = "application/octet-stream", status: int = 200) -> Answer:
    """A whole answer with its length."""
    return status, {"Content-Type": content_type, "Content-Length": str(len(data))}, [data]


@contextlib.contextmanager
def fake_internet(folder: Path) -> Iterator[FakeInternet]:
    internet = FakeInternet(folder)
    try:
        yield internet
    finally:
        internet.close()


def _nothing(method: str, path: str) -> Answer:
    return body(b"nope", "text/plain", 404)


def _sign(name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:60])])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is None:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False).add_extension(usage, critical=True)
    else:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False).add_extension(identifier, critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256()), key
