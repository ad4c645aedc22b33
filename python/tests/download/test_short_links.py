"""Short links, followed to the service that they belong to and nowhere else."""

from __future__ import annotations

import socket
from itertools import pairwise
from pathlib import Path

import pytest
from fake_catalogues import SHORT_HOSTS, FakeCatalogues, add_catalogues, branch_page
from fake_internet import FakeInternet, body
from tool_process import recorded_job

from stemtools.errors import Cancelled, ToolError
from stemtools.finding.resolve_short import follow
from stemtools.resolve import handle

TRACK = "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"


@pytest.fixture
def catalogues(internet: FakeInternet) -> FakeCatalogues:
    return add_catalogues(internet)


def lead(url: str) -> str:
    result = handle(recorded_job(source={"kind": "short", "url": url}, maxSeconds=900, maxSongs=50))
    assert result.keys() == {"found", "link"}
    assert result["found"] == "link"
    return result["link"]


def failure(url: str) -> ToolError:
    with pytest.raises(ToolError) as raised:
        lead(url)
    return raised.value


@pytest.mark.parametrize(
    ("short", "target", "link"),
    [
        ("https://spotify.link/a", f"{TRACK}?si=1&utm_source=x#y", TRACK),
        ("https://spotify.app.link/a", f"{TRACK}?_branch_match_id=1", TRACK),
        ("https://spotify.link/b", branch_page(f"{TRACK}?si=1"), TRACK),
        ("https://spotify.link/c", f'<meta content="{TRACK}?si=1&amp;x=2">', TRACK),
        (
            "https://spotify.link/d",
            "https://open.spotify.com/episode/x?si=1",
            "https://open.spotify.com/episode/x",
        ),
        (
            "https://on.soundcloud.com/a",
            "https://m.soundcloud.com/band/song/s-aBcD?ref=clipboard",
            "https://m.soundcloud.com/band/song/s-aBcD",
        ),
        (
            "https://link.deezer.com/s/a",
            "http://www.deezer.com/track/7?x=1",
            "https://www.deezer.com/track/7",
        ),
        (
            "https://deezer.page.link/a",
            "https://www.deezer.com/en/album/7",
            "https://www.deezer.com/en/album/7",
        ),
    ],
)
def test_where_they_lead(catalogues, internet, short, target, link):
    catalogues.short_links[short] = target
    assert lead(short) == link
    assert len(internet.asked) == 1  # the service itself is not asked


def test_over_several_hops(catalogues):
    hops = [
        "https://spotify.app.link/0",
        *(f"https://spotify.link/{number}" for number in range(1, 5)),
        TRACK,
    ]
    catalogues.short_links |= dict(pairwise(hops))
    assert lead(hops[0]) == TRACK


def test_over_too_many_hops(catalogues, internet):
    catalogues.short_links["https://spotify.link/round"] = "https://spotify.link/round"
    assert failure("https://spotify.link/round").code == "http_error"
    assert len(internet.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "https://localhost/x",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://open.spotify.com.evil.example/track/1",
        "https://evil.example/open.spotify.com",
        "https://evil.example#.spotify.link",
        "https://me@open.spotify.com/track/1",
        "https://open.spotify.com@127.0.0.1/",
        "http://spotify.link/b",
        "https://spotify.link:8443/b",
        "https://www.deezer.com/track/7",
        "https://on.soundcloud.com/a",
        "file:///etc/passwd",
        "spotify://track/1",
        "javascript:alert(1)",
        "//127.0.0.1/",
        "https:\\\\127.0.0.1/",
    ],
)
def test_what_they_must_not_lead_to(catalogues, internet, target):
    catalogues.short_links["https://spotify.link/a"] = target
    assert failure("https://spotify.link/a").code in ("unsafe_address", "bad_request")
    assert internet.asked == [("GET", "spotify.link", "/a")]


@pytest.mark.parametrize(
    "url",
    [
        "http://spotify.link/a",
        "https://spotify.link/",
        "https://spotify.link:444/a",
        "https://evil.example/a",
        "https://a.spotify.link.evil.example/a",
        "https://open.spotify.com/track/1",
        "file:///etc/passwd",
        "https://127.0.0.1/a",
    ],
)
def test_what_is_no_short_link(catalogues, internet, url):
    assert failure(url).code in ("bad_request", "unsafe_address")
    assert internet.asked == []


def test_a_host_that_resolves_to_a_private_address(internet, monkeypatch):
    private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [private])
    assert failure("https://spotify.link/a").code == "unsafe_address"
    assert internet.asked == []


def test_what_leads_nowhere(catalogues):
    error = failure("https://spotify.link/gone")
    assert (error.code, error.retryable) == ("catalogue_not_found", False)
    catalogues.short_links["https://spotify.link/other"] = "<a href='https://open.spotify.com/'>Spotify</a>"
    assert failure("https://spotify.link/other").code == "catalogue_not_found"


@pytest.mark.parametrize("status", [429, 503])
def test_hosts_in_trouble(catalogues, status):
    catalogues.interrupt = lambda request: body(b"", "text/html", status)
    error = failure(f"https://{SHORT_HOSTS[2]}/a")
    assert (error.code, error.retryable) == ("catalogue_unavailable", True)
    assert "SoundCloud" in error.message


def test_a_page_without_end(catalogues):
    def page():
        while True:
            yield b"x" * (1 << 16)

    catalogues.interrupt = lambda request: (200, {"Content-Type": "text/html"}, page())
    assert failure("https://spotify.link/a").code == "too_large"


def test_it_can_be_cancelled(catalogues, tmp_path: Path):
    def check() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        follow("https://spotify.link/a", tmp_path, check)
