"""Fetching links, through the operator's proxy and directly, with every way that a server can misbehave."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import socket
import threading
import time
from pathlib import Path

import pytest
from fake_internet import body

from stemtools.errors import ToolError
from stemtools.fetching import connection
from stemtools.fetching.fetch_url import Limits, fetch_url

LIMITS = Limits(max_bytes=1_000_000, slow_seconds=0.5, connect_seconds=0.7, answer_seconds=1, total_seconds=3)


def fetch(url: str, tmp_path: Path) -> tuple[str, bytes]:
    target = tmp_path / "fetched"
    final_url = fetch_url(url, target, LIMITS, lambda fraction: None)
    return final_url, target.read_bytes()


def failure(url: str, tmp_path: Path) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        fetch(url, tmp_path)
    assert time.monotonic() - started < 5
    return raised.value


def redirect(location: str, status: int = 302):
    return lambda method, path: (status, {"Location": location, "Content-Length": "0"}, [])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_link_through_the_proxy(internet, tmp_path, scheme):
    internet.hosts["songs.example"] = lambda method, path: body(b"song" * 5000)
    final_url, content = fetch(f"{scheme}://songs.example/a%20b.mp3?x=1", tmp_path)
    assert content == b"song" * 5000
    assert final_url == f"{scheme}://songs.example/a%20b.mp3?x=1"
    assert internet.asked == [("GET", "songs.example", "/a%20b.mp3?x=1")]


def test_redirects_are_followed(internet, tmp_path):
    internet.hosts["a.example"] = redirect("https://b.example/x")
    internet.hosts["b.example"] = lambda method, path: (
        redirect("/final.mp3")(method, path) if path == "/x" else body(b"here")
    )
    assert fetch("http://a.example/", tmp_path) == ("https://b.example/final.mp3", b"here")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/secret",
        "http://169.254.169.254/latest/",
        "http://localhost:8080/",
        "file:///etc/passwd",
        "//10.0.0.1/x",
        "http://2130706433/",
        "http://[::1]/",
    ],
)
def test_a_redirect_into_a_private_network(internet, tmp_path, location):
    internet.hosts["a.example"] = redirect(location)
    assert failure("http://a.example/", tmp_path).code == "unsafe_address"
    assert len(internet.asked) == 1


def test_endless_redirects(internet, tmp_path):
    internet.hosts["a.example"] = redirect("/again", 307)
    assert failure("http://a.example/", tmp_path).code == "http_error"
    assert len(internet.asked) == 6


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(404, False), (403, False), (410, False), (429, True), (500, True), (503, True), (599, True)],
)
def test_refusals(internet, tmp_path, status, retryable):
    internet.hosts["a.example"] = lambda method, path: body(b"no", "text/plain", status)
    error = failure("http://a.example/", tmp_path)
    assert (error.code, error.retryable, str(status) in error.message) == ("http_error", retryable, True)


def test_a_body_that_says_it_is_too_large(internet, tmp_path):
    sent: list[bytes] = []

    def endless():
        while True:
            sent.append(b"x")
            yield b"x" * 1000

    internet.hosts["a.example"] = lambda method, path: (200, {"Content-Length": str(5 * 10**9)}, endless())
    assert failure("http://a.example/", tmp_path).code == "too_large"
    assert not (tmp_path / "fetched").exists()


def test_an_endless_body(internet, tmp_path):
    internet.hosts["a.example"] = lambda method, path: (200, {}, itertools.repeat(b"x" * 50_000))
    assert failure("http://a.example/", tmp_path).code == "too_large"
    assert (tmp_path / "fetched").stat().st_size <= LIMITS.max_bytes


def drip(interval_seconds: float):
    for _ in range(100):
        yield b"x"
        time.sleep(interval_seconds)


@pytest.mark.parametrize("interval_seconds", [0.05, 2.0])
def test_a_slow_body(internet, tmp_path, interval_seconds):
    internet.hosts["a.example"] = lambda method, path: (200, {}, drip(interval_seconds))
    error = failure("http://a.example/", tmp_path)
    assert (error.code, error.retryable) == ("too_slow", True)


def test_a_body_that_breaks_off(internet, tmp_path):
    def breaking(method, path):
        return 200, {"Content-Length": "1000", "Connection": "close"}, [b"x" * 10, *broken()]

    def broken():
        raise ConnectionError
        yield b""

    internet.hosts["a.example"] = breaking
    assert failure("http://a.example/", tmp_path).code == "unreachable"


def test_a_proxy_that_is_down(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://user:secret@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    error = failure("http://a.example/", tmp_path)
    assert (error.code, error.retryable) == ("unreachable", True)
    assert "secret" not in error.message


@pytest.fixture
def direct(monkeypatch):
    """No proxy, and public names that stand for a server on loopback; where connections go is recorded."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    server = socket.create_server(("127.0.0.1", 0))
    asked: list[tuple[str, int]] = []
    connect = socket.create_connection

    def to_server(address, timeout=None):
        asked.append(address)
        return connect(server.getsockname(), timeout)

    monkeypatch.setattr(connection, "resolve", lambda host, port: ["93.184.216.34"])
    monkeypatch.setattr(connection.socket, "create_connection", to_server)
    yield server, asked
    server.close()


def answer_once(server: socket.socket, answer: bytes, received: list[bytes]) -> None:
    def work() -> None:
        client, _ = server.accept()
        received.append(client.recv(4096))
        client.sendall(answer)
        client.close()

    threading.Thread(target=work, daemon=True).start()


def test_a_direct_connection_goes_to_the_checked_address(direct, tmp_path):
    server, asked = direct
    received: list[bytes] = []
    answer_once(server, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsong", received)
    assert fetch("http://public.example:8080/x", tmp_path)[1] == b"song"
    assert asked == [("93.184.216.34", 8080)]
    assert b"Host: public.example:8080\r\n" in received[0]


def test_a_server_that_is_silent(direct, tmp_path):
    assert failure("http://public.example/", tmp_path).code == "unreachable"


def test_a_server_that_drips_its_head(direct, tmp_path):
    server, _ = direct

    def work() -> None:
        client, _ = server.accept()
        with contextlib.suppress(OSError):
            for _ in range(60):
                client.sendall(b"X")
                time.sleep(0.1)

    threading.Thread(target=work, daemon=True).start()
    assert failure("http://public.example/", tmp_path).code == "unreachable"


def test_nonsense_instead_of_http(direct, tmp_path):
    answer_once(direct[0], b"SSH-2.0-OpenSSH_9\r\n\r\n", [])
    assert failure("http://public.example/", tmp_path).code == "unreachable"


def test_an_unknown_name(tmp_path, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connection, "resolve", lambda host, port: [])
    assert failure("http://no-such-name.example/", tmp_path).code == "unreachable"


def test_a_transfer_that_takes_too_long_in_all(internet, tmp_path):
    def steady():
        while True:
            yield b"x" * 2000
            time.sleep(0.05)

    internet.hosts["a.example"] = lambda method, path: (200, {}, steady())
    limits = dataclasses.replace(LIMITS, total_seconds=0.6)
    with pytest.raises(ToolError) as raised:
        fetch_url("http://a.example/", tmp_path / "fetched", limits, lambda fraction: None)
    assert raised.value.code == "too_slow"
