"""What doctor says of cookies, the provider of PO tokens and Node."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tool_process import tool_environment

from stemtools import downloads_check
from stemtools.downloads_check import (
    PROVIDER_SECONDS,
    Findings,
    accepted_node,
    check_cookies,
    check_pot_provider,
    check_youtube,
)

SECRET = "SECRET-VALUE"
HEADER = "# Netscape HTTP Cookie File\n"
LATER, LONG_AGO = 4102444800, 1000000000


def cookie(domain: str, expires: int, name: str = "SID") -> str:
    return f"{domain}\tTRUE\t/\tTRUE\t{expires}\t{name}\t{SECRET}\n"


def cookies_found(tmp_path: Path, text: str | bytes, mode: int = 0o600) -> Findings:
    path = tmp_path / "cookies.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    findings = Findings()
    check_cookies(path, findings)
    return findings


def codes(findings: Findings) -> list[str]:
    return [problem["code"] for problem in findings.problems]


def test_cookies_that_are_good(tmp_path):
    of_session = f"#HttpOnly_{cookie('.youtube.com', 0, 'HSID')}"
    text = HEADER + cookie(".youtube.com", LATER) + of_session + cookie(".a.com", 0)
    findings = cookies_found(tmp_path, text)
    assert findings == Findings(good=["YTDLP_COOKIES: 3 cookies, 2 of youtube.com that have not expired"])


def test_cookies_that_others_can_read(tmp_path):
    findings = cookies_found(tmp_path, HEADER + cookie(".youtube.com", LATER), 0o644)
    assert ["chmod 600" in note for note in findings.notes] == [True]


@pytest.mark.parametrize("lines", [cookie(".youtube.com", LONG_AGO), cookie(".notyoutube.com", LATER)])
def test_cookies_of_no_use_for_youtube(tmp_path, lines):
    findings = cookies_found(tmp_path, HEADER + lines)
    assert codes(findings) == []
    assert ["export it anew" in note for note in findings.notes] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        cookie(".youtube.com", LATER),  # without the header
        json.dumps([{"name": "SID", "value": SECRET}]),
        HEADER + f".youtube.com\tTRUE\t{SECRET}\n",
        HEADER + f".youtube.com\tTRUE\t/\tTRUE\tnever\tSID\t{SECRET}\n",
        b"\xff\xfe" + SECRET.encode("utf-16-le"),
    ],
)
def test_what_is_not_netscape_is_refused_and_not_repeated(tmp_path, capfd, text):
    findings = cookies_found(tmp_path, text)
    assert codes(findings) == ["cookies_invalid"]
    said = capfd.readouterr()
    assert SECRET not in json.dumps(asdict(findings)) + said.out + said.err


def test_cookies_that_are_not_there(tmp_path):
    for path in (tmp_path / "none.txt", tmp_path):
        findings = Findings()
        check_cookies(path, findings)
        assert codes(findings) == ["cookies_unreadable"]


@contextmanager
def provider(body: bytes, drip: bool = False) -> Iterator[str]:
    """A server that answers /ping; its address."""
    over = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/ping" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body if drip else ():
                if over.wait(0.5):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            over.set()
            server.shutdown()


def install_plugin(monkeypatch, tmp_path: Path, version: str) -> None:
    about = tmp_path / f"bgutil_ytdlp_pot_provider-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: bgutil-ytdlp-pot-provider\nVersion: {version}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def pot_provider_found(address: str) -> Findings:
    findings = Findings()
    check_pot_provider(address, findings)
    return findings


def test_provider_and_plugin_that_go_together(monkeypatch, tmp_path):
    install_plugin(monkeypatch, tmp_path, "2.0.2")
    with provider(b'{"server_uptime": 3, "version": "2.1.0"}') as address:
        findings = pot_provider_found(f"{address}/")
    assert findings == Findings(good=["YTDLP_POT_PROVIDER: version 2.1.0 answers, its plugin is 2.0.2"])


def test_provider_of_another_kind_than_its_plugin(monkeypatch, tmp_path):
    install_plugin(monkeypatch, tmp_path, "2.0.2")
    with provider(b'{"version": "1.3.1"}') as address:
        assert codes(pot_provider_found(address)) == ["pot_versions_differ"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b""])
def test_something_else_that_answers(monkeypatch, tmp_path, body):
    install_plugin(monkeypatch, tmp_path, "2.0.2")
    with provider(body) as address:
        assert codes(pot_provider_found(address)) == ["pot_provider_silent"]


def test_provider_that_is_silent_slow_or_gone(monkeypatch, tmp_path):
    install_plugin(monkeypatch, tmp_path, "2.0.2")
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert codes(pot_provider_found(address)) == ["pot_provider_silent"]
    assert codes(pot_provider_found(address)) == ["pot_provider_silent"]
    with provider(b'{"version": "2.0.2"}', drip=True) as slow:
        assert codes(pot_provider_found(slow)) == ["pot_provider_silent"]
    assert time.monotonic() - started < 2 * PROVIDER_SECONDS + 2


def test_plugin_that_is_missing(monkeypatch):
    monkeypatch.setattr(downloads_check, "POT_PLUGIN", "no-such-plugin")
    with provider(b'{"version": "2.0.2"}') as address:
        assert codes(pot_provider_found(address)) == ["pot_plugin_missing"]


def test_youtube_that_does_not_answer_is_only_a_note(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nowhere = f"http://127.0.0.1:{gone.getsockname()[1]}"
    monkeypatch.setenv("DOWNLOAD_PROXY", nowhere)
    findings = Findings()
    check_youtube(["spotify", "deezer"], findings)
    assert findings.good == findings.problems == []
    assert [
        "for spotify, deezer" in note and "correct DOWNLOAD_PROXY" in note for note in findings.notes
    ] == [True]


def test_node_that_yt_dlp_takes(tmp_path):
    def node(version: str) -> str:
        path = tmp_path / version
        path.write_text(f"#!/bin/sh\necho {version}\n")
        path.chmod(0o755)
        return str(path)

    assert accepted_node(node("v24.21.0")) == "24.21.0"
    assert accepted_node(node("v18.0.0")) is None
    assert accepted_node(str(tmp_path / "none")) is None
    assert accepted_node(None) is None


def test_doctor_reports_it_all(tmp_path):
    path = tmp_path / "cookies.txt"
    path.write_text(HEADER + cookie(".youtube.com", LATER))
    done = subprocess.run(
        [sys.executable, "-m", "stemtools.doctor"],
        env=tool_environment(YTDLP_COOKIES=str(path), NODE_RUNTIME=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    report = json.loads(done.stdout)
    assert [problem["code"] for problem in report["problems"]] == ["no_js_runtime"]
    assert report["good"] == ["YTDLP_COOKIES: 1 cookies, 1 of youtube.com that have not expired"]
    assert SECRET not in done.stdout + done.stderr
