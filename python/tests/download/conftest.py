"""Fixtures of the tests that run with the download environment's Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_internet import FakeInternet, fake_internet


@pytest.fixture
def internet(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeInternet]:
    """Made-up hosts, reached through the proxy settings of this process and its children."""
    with fake_internet(tmp_path_factory.mktemp("internet")) as internet:
        for name, value in internet.environment().items():
            monkeypatch.setenv(name, value)
        yield internet
