"""A confined child reaches the guard alone, and does not outlive whoever wants its answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from confined_child import WAYS
from fake_internet import body
from tool_process import recorded_job, tool_environment

from stemtools.errors import Cancelled, ToolError
from stemtools.fetching.confined import run_confined

MODULE = "tests.download.confined_child"


class FakeServer:
    """Answers every request on loopback with the same text."""

    def __init__(self, text: bytes):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port

    def __enter__(self) -> FakeServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def run(home: Path, seconds: float = 30, max_bytes: int = 10**7, job=None, **request):
    return run_confined(MODULE, request, home, job or recorded_job(), seconds, max_bytes)


def failure(home: Path, **request) -> ToolError:
    with pytest.raises(ToolError) as raised:
        run(home, **request)
    return raised.value


OVER_HTTP = ("requests", "urllib", "curl", "yt_dlp", "plain_yt_dlp")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("way", OVER_HTTP)
def test_what_is_public_is_reached_through_the_guard(internet, home, way, scheme):
    internet.hosts["songs.example"] = lambda method, path: body(b"here")
    assert run(home, do=way, url=f"{scheme}://songs.example/x")["text"] == "here"
    assert internet.asked == [("GET", "songs.example", "/x")]


@pytest.mark.parametrize("swallow", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_public_is_not_reached(no_proxy, bird, home, way, swallow):
    """Neither is the address, nor does it help when the library, or whoever uses it, makes nothing of it."""
    error = failure(home, do=way, url=f"http://127.0.0.1:{bird.port}/", swallow=swallow)
    assert (error.code, error.retryable) == ("unsafe_address", False)


@pytest.mark.parametrize("way", OVER_HTTP)
def test_a_redirect_to_what_is_not_public(internet, bird, home, way):
    target = f"http://127.0.0.1:{bird.port}/"
    internet.hosts["songs.example"] = lambda method, path: (
        302,
        {"Location": target, "Content-Length": "0"},
        [],
    )
    error = failure(home, do=way, url="https://songs.example/x", swallow=True)
    assert error.code == "unsafe_address"
    assert {host for _, host, _ in internet.asked} == {"songs.example"}


def test_the_provider_of_po_tokens_is_asked_without_a_proxy(internet, bird, home, monkeypatch):
    with FakeServer(b"token") as provider:
        monkeypatch.setenv("YTDLP_POT_PROVIDER", f"http://127.0.0.1:{provider.port}")
        url = f"http://127.0.0.1:{provider.port}/ping"
        assert run(home, do="provider", url=url)["text"] == "token"
        assert failure(home, do="provider", url=f"http://127.0.0.1:{bird.port}/").code == "unsafe_address"
    assert internet.asked == internet.tunnels == []


def test_a_provider_that_has_no_address(home, monkeypatch):
    monkeypatch.setenv("YTDLP_POT_PROVIDER", "here")
    error = failure(home, do="environment")
    assert (error.code, error.retryable, "YTDLP_POT_PROVIDER" in error.message) == (
        "unreachable",
        False,
        True,
    )


def test_a_socket_of_this_machine(home, tmp_path):
    import socket

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        assert failure(home, do="unix", path=str(tmp_path / "s")).code == "unsafe_address"


def test_more_bytes_than_it_may_have(internet, home):
    internet.hosts["songs.example"] = lambda method, path: (200, {}, [b"x" * 100_000] * 1000)
    with pytest.raises(ToolError) as raised:
        run(home, max_bytes=10**6, do="requests", url="https://songs.example/x", swallow=True)
    assert raised.value.code == "too_large"


def test_a_file_larger_than_it_may_be(home):
    assert run(home, max_bytes=10**6, do="large", bytes=10**6) is not None
    with pytest.raises(ToolError) as raised:
        run(home, max_bytes=10**6, do="large", bytes=10**6 + 1)
    assert raised.value.code == "too_large"
    assert (home / "large").stat().st_size <= 10**6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits it")
def test_more_memory_than_it_may_have(home):
    assert failure(home, do="fill", bytes=2 << 30).code == "out_of_memory"
    assert run(home, do="fill", bytes=100_000)["filled"] == 100_000


def test_its_environment(internet, home, monkeypatch, tmp_path):
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("DOWNLOAD_PROXY", "http://secret@proxy.example")
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/ca.pem")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/other.pem")
    monkeypatch.setenv("NO_PROXY", "*")
    result = run(home, do="environment")
    environment = result["environment"]
    assert "secret" not in json.dumps(environment)
    assert "NO_PROXY" not in environment
    trusted = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    assert {environment[name] for name in trusted} == {"/ca.pem"}
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        assert environment[name].startswith("http://guard:")
        assert "@127.0.0.1:" in environment[name]
    folders = [value for name, value in environment.items() if name in ("HOME", "TMPDIR") or "XDG" in name]
    assert len(folders) >= 6
    assert all(Path(folder).is_relative_to(home) for folder in folders)
    assert (result["cwd"], result["folder"]) == (str(home), [])


def test_its_progress_is_the_jobs_own(home):
    job = recorded_job()
    assert run(home, job=job, do="progress")["done"] is True
    told = [{name: line[name] for name in line if name not in ("type", "id")} for line in job._lines.lines]
    assert told == [
        {"fraction": 0.25, "step": "fetching", "bytes": 10, "totalBytes": 40},
        {"fraction": 0.5, "step": "tagging"},
    ]
    seen = []
    run_confined(MODULE, {"do": "progress"}, home, recorded_job(), 30, 10**7, seen.append)
    assert [line["fraction"] for line in seen] == [0.25, 0.5]


def test_its_spans_are_the_jobs_own(home):
    job = recorded_job()
    job.id = "another"
    assert run(home, job=job, do="span")["done"] is True
    [span] = job._lines.lines
    assert (span["type"], span["id"], span["name"]) == ("span", "another", "search")
    assert span["start"] <= span["end"] <= time.time()


def test_its_errors_keep_their_details(home):
    error = failure(home, do="error")
    assert (error.code, error.message, error.retryable) == ("spotify_rate_limited", "Wait.", False)
    assert error.details == {"retryAfterSeconds": 86400}


def test_it_ends_without_a_word(home):
    error = failure(home, do="end")
    assert (error.code, error.retryable) == ("internal", True)


def pids_in(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and len(found := path.read_text().split()) == 2:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    raise AssertionError("the child did not start")


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and not is_zombie(pid) for pid in pids):
        assert time.monotonic() < deadline, "a process is left"
        time.sleep(0.02)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_deadline(home, tmp_path):
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        run(home, seconds=2, do="hang", pids=str(tmp_path / "pids"))
    assert time.monotonic() - started < 4
    assert (raised.value.code, raised.value.retryable) == ("too_slow", True)
    wait_until_gone(pids_in(tmp_path / "pids"))


def test_a_cancel_takes_it_and_its_own_children_along(home, tmp_path):
    job = recorded_job()

    def cancel() -> None:
        pids_in(tmp_path / "pids")
        job.cancelled.set()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(Cancelled):
        run(home, job=job, do="hang", pids=str(tmp_path / "pids"))
    wait_until_gone(pids_in(tmp_path / "pids"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel does it on Linux")
def test_it_dies_with_its_parent(home, tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from stemtools.fetching.confined import run_confined\n"
        "from tool_process import recorded_job\n"
        "home, pids = sys.argv[1:]\n"
        f"run_confined({MODULE!r}, {{'do': 'hang', 'pids': pids}}, Path(home), recorded_job(), 60, 10**7)\n"
    )
    command = [sys.executable, "-c", code, str(home), str(tmp_path / "pids")]
    with subprocess.Popen(command, env=tool_environment()) as parent:
        child, sleeper = pids_in(tmp_path / "pids")
        parent.send_signal(signal.SIGKILL)
    wait_until_gone([child])
    os.kill(sleeper, signal.SIGKILL)  # of which nobody is left to take care, as it knows no end of its own
