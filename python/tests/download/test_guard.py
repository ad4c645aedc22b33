"""The guard lets through what is public and asked by its own child, and remembers what is not."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fake_internet import Authority, body, fake_internet

from stemtools.errors import ToolError
from stemtools.fetching.guard import Guard, Limits
from stemtools.fetching.safe_address import resolve

pytestmark = pytest.mark.usefixtures("no_proxy")
LIMITS = Limits(
    max_bytes=1_000_000,
    head_seconds=2,
    connect_seconds=2,
    idle_seconds=2,
    slow_seconds=0.5,
    pause_seconds=0.3,
)
Serve = Callable[[socket.socket], None]


class Server(socketserver.ThreadingTCPServer):
    """Serves every connection by a function; `heads` holds what was asked of it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, serve: Serve, context: ssl.SSLContext | None = None):
        self.heads: list[bytes] = []
        self._serve, self._context = serve, context
        super().__init__(("127.0.0.1", 0), None)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def finish_request(self, connection: socket.socket, _: object) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (chunk := connection.recv(4096)):
                        return
                    head += chunk
                self.heads.append(head)
                self._serve(connection)

    def close(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(serve: Serve, context: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(serve, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def says(content: bytes) -> Serve:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    return lambda connection: connection.sendall(head + content)


def here(host: str, port: int) -> list[str]:
    """Every name is at loopback, as if that were public."""
    return ["127.0.0.1"]


def ask(guard: Guard, url: str, method: str = "GET", content: bytes | None = None) -> tuple[int, bytes]:
    """A plain request through the guard: status and body."""
    host, port = guard.address
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request(method, url, content, {"Proxy-Authorization": credentials(guard)})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def credentials(guard: Guard) -> str:
    parts = urlsplit(guard.url)
    return f"Basic {base64.b64encode(f'{parts.username}:{parts.password}'.encode()).decode()}"


def tunnel(guard: Guard, authority: str, shown: str | None = None) -> tuple[socket.socket, bytes]:
    """A CONNECT to the guard: the socket and the head of its answer."""
    connection = socket.create_connection(guard.address, 5)
    lines = [f"CONNECT {authority} HTTP/1.1", f"Proxy-Authorization: {shown or credentials(guard)}"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection, connection.recv(4096)


def test_plain_requests_go_to_the_checked_address(serve):
    server = serve(says(b"song"))
    with Guard(LIMITS, find=here) as guard:
        url = f"http://public.example:{server.port}/a%20b?x=1"
        assert ask(guard, url, "POST", b"question") == (200, b"song")
    head = server.heads[0]
    assert head.startswith(b"POST /a%20b?x=1 HTTP/1.1\r\n")
    assert f"Host: public.example:{server.port}".encode() in head
    assert b"Proxy-" not in head
    assert b"Connection: close" in head
    assert guard.refusal is None


def test_tls_passes_through_from_end_to_end(serve, tmp_path):
    authority = Authority(tmp_path)
    server = serve(says(b"song"), authority.context("public.example"))
    with Guard(LIMITS, find=here) as guard:
        connection, answer = tunnel(guard, f"public.example:{server.port}")
        assert b" 200 " in answer
        context = ssl.create_default_context(cafile=authority.ca_file)
        with context.wrap_socket(connection, server_hostname="public.example") as secure:
            secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert secure.recv(4096).endswith(b"song")


@pytest.mark.parametrize("shown", ["", "Basic Z3VhcmQ6eA==", "Bearer x"])
def test_nobody_else_on_the_machine_uses_it(serve, shown):
    server = serve(says(b"song"))
    with Guard(LIMITS, find=here) as guard:
        _, answer = tunnel(guard, f"public.example:{server.port}", shown or "none")
        assert b" 407 " in answer
        assert guard.refusal is None
    assert server.heads == []


NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.9.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "999.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "localhost.",
    "printer.local",
    "metadata.google.internal",
    "router.lan",
    "nas.home.arpa",
]


@pytest.mark.parametrize("host", NOT_PUBLIC)
@pytest.mark.parametrize("way", ["tunnel", "plain"])
def test_what_is_not_public_is_refused_however_it_is_written(bird, host, way):
    with Guard(LIMITS) as guard:
        if way == "tunnel":
            assert b" 403 " in tunnel(guard, f"{host}:{bird.port}")[1]
        else:
            assert ask(guard, f"http://{host}:{bird.port}/secret")[0] == 403
        assert guard.refusal.code == "unsafe_address"


@pytest.mark.parametrize(
    "address",
    [
        "ftp://public.example/",
        "file:///etc/passwd",
        "gopher://public.example/",
        "/etc/passwd",
        "public.example",
    ],
)
def test_other_schemes(serve, address):
    with Guard(LIMITS, find=here) as guard:
        connection = socket.create_connection(guard.address, 5)
        head = f"GET {address} HTTP/1.1\r\nProxy-Authorization: {credentials(guard)}\r\n\r\n"
        connection.sendall(head.encode())
        assert b" 403 " in connection.recv(4096)
        assert guard.refusal.code in ("unsafe_address", "bad_request")


@pytest.mark.parametrize(
    "authority",
    ["me:secret@public.example:443", "public.example:0", "public.example:99999", "a b:443", ":443"],
)
def test_authorities_that_are_none(authority):
    with Guard(LIMITS, find=here) as guard:
        assert b"200" not in tunnel(guard, authority)[1]


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"]],
)
def test_names_that_lead_into_a_private_network(addresses):
    with Guard(LIMITS, find=functools.partial(resolve, find=lambda host, port: addresses)) as guard:
        assert b" 403 " in tunnel(guard, "rebind.example:443")[1]
        assert guard.refusal.code == "unsafe_address"


def test_this_machine_by_its_name(bird):
    """A name from the hosts file, which no list of ours holds."""
    name = socket.gethostname()
    found = {entry[4][0] for entry in socket.getaddrinfo(name, None)} if "." not in name else set()
    if not found:
        pytest.skip("this machine has no short name")
    with Guard(LIMITS) as guard:
        assert b" 403 " in tunnel(guard, f"{name}:{bird.port}")[1]


def test_an_unknown_name_is_no_refusal():
    with Guard(LIMITS, find=lambda host, port: []) as guard:
        assert b" 502 " in tunnel(guard, "no-such-name.example:443")[1]
        assert guard.refusal is None


def test_too_many_bytes_are_cut(serve):
    server = serve(says(b"x" * 600_000))
    with Guard(LIMITS, find=here) as guard:
        url = f"http://public.example:{server.port}/"
        assert len(ask(guard, url)[1]) == 600_000
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(guard, url)
        assert guard.refusal.code == "too_large"
        assert guard.received_bytes < LIMITS.max_bytes + 2 * (1 << 16)


def drips(pause_seconds: float) -> Serve:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(pause_seconds)

    return drip


def test_a_server_that_drips(serve):
    server = serve(drips(0.02))
    with Guard(LIMITS, find=here) as guard:
        started = time.monotonic()
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(guard, f"http://public.example:{server.port}/")
        assert time.monotonic() - started < 2
        assert guard.refusal.code == "too_slow"


def test_a_connection_that_is_kept_for_later_is_not_slow(serve):
    """A little answer, then nothing for long, then another: each is told at once."""

    def two_answers(connection: socket.socket) -> None:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        connection.sendall(answer)
        connection.recv(4096)
        connection.sendall(answer)

    server = serve(two_answers)
    with Guard(LIMITS, find=here) as guard:
        connection, _ = tunnel(guard, f"public.example:{server.port}")
        for _ in range(2):
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert connection.recv(4096).endswith(b"ok")
            time.sleep(LIMITS.slow_seconds * 1.2)
        assert guard.refusal is None


def test_a_silent_connection_is_closed(serve):
    server = serve(lambda connection: time.sleep(10))
    with Guard(LIMITS, find=here) as guard:
        connection, _ = tunnel(guard, f"public.example:{server.port}")
        started = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        connection.settimeout(8)
        assert connection.recv(4096) == b""
        assert time.monotonic() - started == pytest.approx(LIMITS.idle_seconds, abs=1)
        assert guard.refusal is None


def test_everything_ends_with_the_block(serve):
    server = serve(lambda connection: time.sleep(30))
    with Guard(LIMITS, find=here) as guard:
        connection, _ = tunnel(guard, f"public.example:{server.port}")
    connection.settimeout(2)
    assert connection.recv(4096) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(guard.address, 1)


def test_many_at_once(serve):
    server = serve(says(b"x" * 10_000))
    with Guard(LIMITS, find=here) as guard:
        url = f"http://public.example:{server.port}/"
        answers: list[tuple[int, bytes]] = []
        threads = [threading.Thread(target=lambda: answers.append(ask(guard, url))) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [(200, b"x" * 10_000)] * 30


def test_the_operators_own_server(bird, serve):
    server = serve(says(b"token"))
    with Guard(LIMITS, own=frozenset({("127.0.0.1", server.port)})) as guard:
        assert ask(guard, f"http://127.0.0.1:{server.port}/") == (200, b"token")
        assert ask(guard, f"http://127.0.0.1:{bird.port}/")[0] == 403


@pytest.fixture
def operators(tmp_path: Path):
    """A proxy of the operator's, behind which songs.example is."""
    with fake_internet(tmp_path) as internet:
        internet.hosts["songs.example"] = lambda method, path: body(b"song")
        yield internet


def with_credentials(url: str) -> str:
    return url.replace("://", "://some%40one:pass%3Aword@")


SHOWN = f"Basic {base64.b64encode(b'some@one:pass:word').decode()}"


@pytest.mark.parametrize("setting", ["DOWNLOAD_PROXY", "ALL_PROXY", "https_proxy"])
def test_through_the_operators_proxy(operators, monkeypatch, setting):
    monkeypatch.setenv(setting, with_credentials(operators.url))
    with Guard(LIMITS) as guard:
        connection, answer = tunnel(guard, "songs.example:443")
        assert b" 200 " in answer
        context = ssl.create_default_context(cafile=operators.authority.ca_file)
        with context.wrap_socket(connection, server_hostname="songs.example") as secure:
            secure.sendall(b"GET / HTTP/1.1\r\nHost: songs.example\r\n\r\n")
            assert secure.recv(4096).startswith(b"HTTP/1.1 200")
    assert operators.tunnels == ["songs.example:443"]
    assert operators.shown == [SHOWN]


def test_a_plain_request_through_the_operators_proxy(operators, monkeypatch):
    monkeypatch.setenv("DOWNLOAD_PROXY", with_credentials(operators.url))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Guard(LIMITS) as guard:
        assert ask(guard, "http://songs.example/x") == (200, b"song")
    assert operators.asked == [("GET", "songs.example", "/x")]
    assert operators.shown == [SHOWN]


def test_a_proxy_that_is_spoken_to_by_tls(serve, tmp_path, monkeypatch):
    authority = Authority(tmp_path)

    def proxy(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        connection.sendall(connection.recv(4096).upper())

    server = serve(proxy, authority.context("localhost"))
    monkeypatch.setenv("DOWNLOAD_PROXY", with_credentials(f"https://localhost:{server.port}"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with Guard(LIMITS) as guard:
        connection, answer = tunnel(guard, "songs.example:443")
        assert b" 200 " in answer
        connection.sendall(b"hello")
        assert connection.recv(4096) == b"HELLO"
    assert server.heads[0].startswith(b"CONNECT songs.example:443 HTTP/1.1\r\n")
    assert f"Proxy-Authorization: {SHOWN}".encode() in server.heads[0]


def test_the_operators_proxy_never_hears_of_private_addresses(operators, monkeypatch):
    monkeypatch.setenv("DOWNLOAD_PROXY", operators.url)
    for host in NOT_PUBLIC:
        with Guard(LIMITS) as guard:
            assert b" 403 " in tunnel(guard, f"{host}:443")[1]
            assert ask(guard, f"http://{host}/")[0] == 403
    assert operators.tunnels == operators.asked == []


def test_hosts_that_are_asked_without_the_proxy(serve, monkeypatch):
    server = serve(says(b"song"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "public.example")
    with Guard(LIMITS, find=here) as guard:
        assert ask(guard, f"http://public.example:{server.port}/") == (200, b"song")
        assert ask(guard, f"http://other.example:{server.port}/")[0] == 502


@pytest.mark.parametrize(
    "address", ["socks5://127.0.0.1:9050", "socks5h://x", "ftp://x", "http://:1", "http://a:b"]
)
def test_proxies_that_are_not_spoken_to(monkeypatch, address):
    monkeypatch.setenv("DOWNLOAD_PROXY", address)
    with Guard(LIMITS, find=here) as guard:
        assert b" 403 " in tunnel(guard, "songs.example:443")[1]
        assert (guard.refusal.code, guard.refusal.retryable) == ("unreachable", False)
        assert "proxy" in guard.refusal.message


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 No\r\n\r\n", b"HTTP/1.1 407 No\r\n\r\n", b"SSH-2.0\r\n\r\n", b""]
)
def test_a_proxy_that_refuses(serve, monkeypatch, answer):
    server = serve(lambda connection: connection.sendall(answer))
    monkeypatch.setenv("DOWNLOAD_PROXY", f"http://127.0.0.1:{server.port}")
    with Guard(LIMITS) as guard:
        assert b" 502 " in tunnel(guard, "songs.example:443")[1]
        assert guard.refusal is None


def test_what_the_guard_refuses_is_an_error_for_people():
    with Guard(LIMITS) as guard:
        tunnel(guard, "127.0.0.1:80")
        assert isinstance(guard.refusal, ToolError)
        assert guard.refusal.message.endswith("send a public link or the file itself.")
