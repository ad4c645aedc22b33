"""Fixtures of the tests that run with the download environment's Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary import Canary, canary
from fake_internet import FakeInternet, fake_internet

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def internet(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeInternet]:
    """Made-up hosts, reached through the proxy settings of this process and its children."""
    with fake_internet(tmp_path_factory.mktemp("internet")) as internet:
        for name, value in internet.environment().items():
            monkeypatch.setenv(name, value)
        yield internet


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the operator's."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "download_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def bird() -> Iterator[Canary]:
    """A server on loopback; the test fails when anybody has connected to it."""
    with canary() as bird:
        yield bird
        assert bird.seen == 0


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> str:
    """The Node runtime that yt-dlp is given, as Node gives it to its tools."""
    found = os.environ.get("NODE_RUNTIME") or next(
        map(str, sorted(ROOT.glob("node_modules/node-*/bin/node"))), None
    )
    if not found:
        pytest.skip("there is no Node runtime: run npm run setup")
    monkeypatch.setenv("NODE_RUNTIME", found)
    return found
