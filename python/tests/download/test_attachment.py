"""Attached files come only from the chat's own servers, whatever an address or a redirect says."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from audio_files import make
from fake_internet import Host, body
from mutagen.id3 import ID3, TIT2, TPE1
from tool_process import recorded_job

from stemtools.download import handle
from stemtools.errors import ToolError
from stemtools.fetching.fetch_attachment import fetch_attachment
from stemtools.fetching.fetch_url import Limits

LIMITS = Limits(max_bytes=1_000_000, slow_seconds=0.5, connect_seconds=0.7, answer_seconds=1, total_seconds=3)
DISCORD = ["https://cdn.discordapp.com", "https://media.discordapp.net", "http://127.0.0.1:4321"]
CDN = "https://cdn.example"


class ChatServer:
    """The operator's own server on loopback; `asked` records every path with its headers."""

    def __init__(self) -> None:
        self.answer: Host = lambda method, path: body(b"song" * 5000)
        self.asked: list[tuple[str, dict[str, str]]] = []
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                chat.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                status, headers, chunks = chat.answer("GET", self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for chunk in chunks:
                    self.wfile.write(chunk)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients hang up in the middle, as tested

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


@pytest.fixture
def other() -> Iterator[ChatServer]:
    server = ChatServer()
    yield server
    server.close()


def fetch(
    url: str, origins: list[str], tmp_path: Path, authorization: str | None = None
) -> tuple[str, bytes]:
    target = tmp_path / "fetched"
    final_url = fetch_attachment(url, origins, target, LIMITS, lambda fraction: None, authorization)
    return final_url, target.read_bytes()


def failure(url: str, origins: list[str], tmp_path: Path, authorization: str | None = None) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        fetch(url, origins, tmp_path, authorization)
    assert time.monotonic() - started < 5
    return raised.value


def redirect(location: str) -> Host:
    return lambda method, path: (302, {"Location": location, "Content-Length": "0"}, [])


def attached(out: Path, **source: object):
    return recorded_job(
        source={"kind": "attachment", **source}, outDir=str(out), maxBytes=10**7, maxSeconds=60
    )


def test_an_attachment_of_the_operators_own_server(internet, chat, tmp_path, out):
    song = make(tmp_path / "song.mp3", 2, "-ac", "2").read_bytes()
    chat.answer = lambda method, path: body(song, "audio/mpeg")
    url = f"{chat.url}/attachments/1/2/file.mp3?ex=1&hm=2"
    job = attached(out, url=url, name="The Band - A Song.mp3", origins=[*DISCORD, chat.url])
    result = handle(job)
    assert (result["artist"], result["title"], result["album"]) == ("The Band", "A Song", None)
    assert (result["coverUrl"], result["matched"], result["cover"]) == (None, None, None)
    assert (out / result["file"]).read_bytes() == song
    assert os.listdir(out) == ["audio.mp3"]
    steps = [line["step"] for line in job._lines.of("progress")]
    assert [step for step, _ in itertools.groupby(steps)] == ["fetching", "checking"]
    assert internet.asked == []  # it is asked without the proxy
    [(path, headers)] = chat.asked
    assert path == "/attachments/1/2/file.mp3?ex=1&hm=2"
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding", "connection"}


def test_tags_come_before_the_name_and_the_name_before_the_address(chat, tmp_path, out):
    path = make(tmp_path / "song.mp3", 1.2, "-ac", "2")
    chat.answer = lambda method, asked: body(path.read_bytes())
    source = {"url": f"{chat.url}/1/Their%20Band%20-%20Their%20Song.mp3", "origins": [chat.url]}
    result = handle(attached(out, **source))
    assert (result["artist"], result["title"]) == ("Their Band", "Their Song")
    tags = ID3()
    tags.add(TIT2(encoding=3, text="Real Title"))
    tags.add(TPE1(encoding=3, text="Real Artist"))
    tags.save(path)
    result = handle(attached(out, **source, name="Wrong - Name.mp3"))
    assert (result["artist"], result["title"]) == ("Real Artist", "Real Title")


@pytest.mark.parametrize(
    "url", [f"{CDN}/a.mp3?ex=1", "HTTPS://CDN.Example:443/a.mp3?ex=1", "https://cdn.example./a.mp3?ex=1#part"]
)
def test_a_public_server_however_it_is_written(internet, tmp_path, url):
    internet.hosts["cdn.example"] = lambda method, path: body(b"here")
    assert fetch(url, [*DISCORD, f"{CDN}:443/"], tmp_path) == (f"{CDN}/a.mp3?ex=1", b"here")
    assert internet.asked == [("GET", "cdn.example", "/a.mp3?ex=1")]


def test_a_redirect_to_another_of_the_servers(internet, chat, tmp_path):
    internet.hosts["cdn.example"] = redirect(f"{chat.url}/b")
    assert fetch(f"{CDN}/a", [CDN, chat.url], tmp_path) == (f"{chat.url}/b", b"song" * 5000)


def test_an_own_server_by_name(chat, tmp_path):
    local = f"http://localhost:{chat.port}"
    assert fetch(f"{local}/x", [local], tmp_path)[1] == b"song" * 5000


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://169.254.169.254/latest/",
        "https://other.example/x",
        "//other.example/x",
        "http://cdn.example/x",
        "https://cdn.example:8443/x",
        "https://me:secret@cdn.example/x",
        "https://cdn.example.evil.com/x",
        "https://cdn.example\\@evil.com/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_any_other_server(internet, chat, tmp_path, location):
    internet.hosts["cdn.example"] = redirect(location.format(port=chat.port))
    error = failure(f"{CDN}/a", [CDN, *DISCORD], tmp_path)
    assert (error.code, error.retryable) == ("unsafe_address", False)
    assert internet.asked == [("GET", "cdn.example", "/a")]
    assert chat.asked == []
    assert os.listdir(tmp_path) == []


def test_endless_redirects(chat, tmp_path):
    chat.answer = redirect("/again")
    assert failure(chat.url, [chat.url], tmp_path).code == "http_error"
    assert len(chat.asked) == LIMITS.redirects + 1


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.com/x",
        "https://evil.com/cdn.discordapp.com",
        "https://evil.com?https://cdn.discordapp.com/",
        "https://evil.com#@cdn.discordapp.com/",
        "https://me@cdn.discordapp.com/x",
        "https://cdn.discordapp.com@evil.com/x",
        "https://cdn.discordapp.com:443@evil.com/x",
        "https://cdn.discordapp.com.evil.com/x",
        "https://evilcdn.discordapp.com/x",
        "https://discordapp.com/x",
        "https://cdn.discordapp.com\\@evil.com/x",
        "https://cdn.discordapp.com%2eevil.com/x",
        "https://cdn.discordapp.com/\r\nHost: evil.com",
        "https://cdn.discordapp.com:8443/x",
        "https://cdn.discordapp.com:80/x",
        "https://cdn.discordapp.com:0/x",
        "http://cdn.discordapp.com/x",
        "http://cdn.discordapp.com:443/x",
        "//evil.com/x",
        "//cdn.discordapp.com/x",
        "cdn.discordapp.com/x",
        "ftp://cdn.discordapp.com/x",
        "file:///etc/passwd",
        "",
        "http://127.0.0.1/x",
        "http://127.0.0.1:4322/x",
        "https://127.0.0.1:4321/x",
        "http://localhost:4321/x",
        "http://[::1]:4321/x",
        "http://[::ffff:127.0.0.1]:4321/x",
        "http://2130706433:4321/x",
        "http://0x7f000001:4321/x",
        "http://127.1:4321/x",
        "http://0177.0.0.1:4321/x",
        "http://10.0.0.1:4321/x",
    ],
)
def test_addresses_that_are_none_of_the_servers(internet, tmp_path, monkeypatch, url):
    def refuse(*_: object, **__: object):
        raise AssertionError("nothing may be looked up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    error = failure(url, DISCORD, tmp_path)
    assert (error.code, error.retryable) == ("unsafe_address", False)
    assert internet.asked == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
@pytest.mark.parametrize("proxied", [True, False])
def test_a_public_name_that_leads_into_a_private_network(
    internet, chat, tmp_path, monkeypatch, addresses, proxied
):
    origin = f"http://cdn.example:{chat.port}"
    monkeypatch.setenv("no_proxy", "" if proxied else "*")
    found = [(2, 1, 6, "", (address, chat.port)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    error = failure(f"{origin}/x", [origin, chat.url], tmp_path)
    assert (error.code, error.retryable) == ("unsafe_address", False)
    assert (internet.asked, chat.asked) == ([], [])


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_attachment_that_is_gone(chat, out, status):
    chat.answer = lambda method, path: body(b"no", "text/plain", status)
    with pytest.raises(ToolError) as raised:
        handle(attached(out, url=f"{chat.url}/x", name="x.mp3", origins=[chat.url]))
    error = raised.value
    assert (error.code, error.retryable) == ("attachment_gone", False)
    assert error.message == "The attached file is no longer there: attach it again."
    assert os.listdir(out) == []


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (429, True), (500, True), (503, True)])
def test_other_refusals(chat, tmp_path, status, retryable):
    chat.answer = lambda method, path: body(b"no", "text/plain", status)
    error = failure(chat.url, [chat.url], tmp_path)
    assert (error.code, error.retryable) == ("http_error", retryable)


def test_a_file_that_says_it_is_too_large(chat, tmp_path):
    endless = itertools.repeat(b"x" * 1000)
    chat.answer = lambda method, path: (200, {"Content-Length": str(5 * 10**9)}, endless)
    assert failure(chat.url, [chat.url], tmp_path).code == "too_large"
    assert os.listdir(tmp_path) == []


def test_an_endless_file(chat, tmp_path):
    chat.answer = lambda method, path: (200, {}, itertools.repeat(b"x" * 50_000))
    assert failure(chat.url, [chat.url], tmp_path).code == "too_large"
    assert (tmp_path / "fetched").stat().st_size <= LIMITS.max_bytes


def test_a_slow_file(chat, tmp_path):
    def drip():
        for _ in range(60):
            yield b"x"
            time.sleep(0.05)

    chat.answer = lambda method, path: (200, {}, drip())
    error = failure(chat.url, [chat.url], tmp_path)
    assert (error.code, error.retryable) == ("too_slow", True)


def test_an_own_server_that_is_down(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    error = failure(url, [url], tmp_path)
    assert (error.code, error.retryable) == ("unreachable", True)


@pytest.mark.parametrize(
    "origins",
    [
        None,
        [],
        "https://cdn.example",
        [1],
        [""],
        ["*"],
        ["cdn.example"],
        ["//cdn.example"],
        ["ftp://cdn.example"],
        ["https://*.example"],
        ["https://cdn.example/path"],
        ["https://cdn.example/?x"],
        ["https://me@cdn.example"],
        [CDN, "https://"],
    ],
)
def test_origins_that_are_none(internet, out, origins):
    with pytest.raises(ToolError) as raised:
        handle(attached(out, url=f"{CDN}/x", name="x.mp3", origins=origins))
    assert raised.value.code == "bad_request"
    assert internet.asked == []


TOKEN = "Bearer xoxb-secret"
NOT_SHOWN = "I am not shown that file: add me to where it was posted, or post it again."


def seen_by(server: ChatServer) -> list[tuple[str, str | None]]:
    """Every path that was asked, with what authorized it."""
    return [(path, headers.get("authorization")) for path, headers in server.asked]


def test_a_file_for_the_bot_alone_is_asked_for_in_its_name(chat, tmp_path):
    url = f"{chat.url}/files-pri/T1-F1/song.mp3"
    assert fetch(url, [chat.url], tmp_path, TOKEN) == (url, b"song" * 5000)
    assert seen_by(chat) == [("/files-pri/T1-F1/song.mp3", TOKEN)]


def test_a_redirect_between_the_servers_takes_the_authorization_along(chat, other, tmp_path):
    chat.answer = redirect(f"{other.url}/b")
    other.answer = lambda method, path: body(b"here") if path == "/c" else redirect("/c")(method, path)
    found = fetch(f"{chat.url}/a", [chat.url, other.url], tmp_path, TOKEN)
    assert found == (f"{other.url}/c", b"here")
    assert seen_by(chat) == [("/a", TOKEN)]
    assert seen_by(other) == [("/b", TOKEN), ("/c", TOKEN)]


@pytest.mark.parametrize(
    "location",
    [
        "{other}/signin?redir=%2Ffile",
        "https://band.example/signin",
        "//band.example/signin",
        "http://localhost:{port}/signin",
        "https://files.slack.com.evil.example/",
        "http://169.254.169.254/latest/",
    ],
)
def test_a_redirect_off_the_servers_is_not_followed(internet, chat, other, tmp_path, location):
    # What a chat does with whoever it does not show the file to: it asks them to sign in.
    chat.answer = redirect(location.format(other=other.url, port=chat.port))
    error = failure(f"{chat.url}/a", [chat.url, CDN], tmp_path, TOKEN)
    assert (error.code, error.message, error.retryable) == ("attachment_gone", NOT_SHOWN, False)
    assert seen_by(chat) == [("/a", TOKEN)]
    assert other.asked == []
    assert internet.asked == []
    assert os.listdir(tmp_path) == []


def test_an_address_off_the_servers_is_unsafe_and_told_nothing(internet, other, tmp_path):
    error = failure(f"{other.url}/a", [CDN], tmp_path, TOKEN)
    assert (error.code, error.retryable) == ("unsafe_address", False)
    assert other.asked == []
    assert internet.asked == []


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8", "TEXT/HTML"])
def test_a_page_in_place_of_a_file(chat, tmp_path, content_type):
    chat.answer = lambda method, path: body(b"<html>Sign in</html>", content_type)
    error = failure(f"{chat.url}/a", [chat.url], tmp_path, TOKEN)
    assert (error.code, error.message, error.retryable) == ("attachment_gone", NOT_SHOWN, False)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (401, "http_error", False),
        (403, "attachment_gone", False),
        (404, "attachment_gone", False),
        (503, "http_error", True),
    ],
)
def test_refusals_of_what_is_asked_for_in_the_bots_name(chat, tmp_path, status, code, retryable):
    chat.answer = lambda method, path: body(b"<html>no</html>", "text/html", status)
    error = failure(f"{chat.url}/a", [chat.url], tmp_path, TOKEN)
    assert (error.code, error.retryable) == (code, retryable)
    assert "xoxb" not in error.message


@pytest.mark.parametrize("authorization", [{}, {"authorization": None}])
def test_without_authorization_nothing_is_sent_and_a_page_is_just_no_song(chat, out, authorization):
    chat.answer = lambda method, path: body(b"<html>Sign in</html>", "text/html")
    with pytest.raises(ToolError) as raised:
        handle(attached(out, url=f"{chat.url}/a", name="a.mp3", origins=[chat.url], **authorization))
    assert raised.value.code == "not_audio"
    assert seen_by(chat) == [("/a", None)]


def test_the_authorization_of_a_request_reaches_the_server(chat, tmp_path, out):
    song = make(tmp_path / "song.mp3", 1.2, "-ac", "2").read_bytes()
    chat.answer = lambda method, path: body(song, "audio/mpeg")
    job = attached(
        out,
        url=f"{chat.url}/a",
        name="Song.mp3",
        origins=[chat.url],
        authorization=TOKEN,
        place={"workspace": "T1"},
    )
    assert handle(job)["title"] == "Song"
    assert seen_by(chat) == [("/a", TOKEN)]
    assert "xoxb" not in str(job._lines.lines)


@pytest.mark.parametrize("authorization", [1, ["Bearer x"], "Bearer\0x"])
def test_an_authorization_that_is_none(chat, out, authorization):
    with pytest.raises(ToolError) as raised:
        handle(attached(out, url=chat.url, name="a", origins=[chat.url], authorization=authorization))
    assert raised.value.code == "bad_request"
    assert chat.asked == []
