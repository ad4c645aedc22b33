"""Playlists of YouTube, sets of SoundCloud and albums of Bandcamp, read by yt-dlp as lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_internet import FakeInternet, body
from fake_lists import BANDCAMP_HOST, Entry, FakeLists, KnownList, add_lists
from tool_process import recorded_job

from stemtools.errors import ToolError
from stemtools.finding.resolve_list import read_site
from stemtools.resolve import handle

YOUTUBE = "https://www.youtube.com/playlist?list=PLprotoprotoproto"
SOUNDCLOUD = "https://soundcloud.com/band/sets/mix"
BANDCAMP = f"https://{BANDCAMP_HOST}/album/mix"


@pytest.fixture
def lists(internet: FakeInternet) -> FakeLists:
    return add_lists(internet)


def mix(count: int, width: int, *missing: int) -> KnownList:
    """A list with ids of a width and some entries that are not there."""
    entries = [
        Entry(
            str(10 ** (width - 1) + number),
            f"Song {number}",
            "Some Band",
            100 + number,
            number not in missing,
        )
        for number in range(1, count + 1)
    ]
    return KnownList("Mix", "Somebody", entries)


def failure(question) -> ToolError:
    with pytest.raises(ToolError) as raised:
        question()
    return raised.value


def test_a_playlist_of_youtube(lists):
    """The whole tool, once."""
    lists.youtube["PLprotoprotoproto"] = mix(12, 11, 3)
    source = {
        "kind": "list",
        "service": "youtube",
        "type": "playlist",
        "id": "PLprotoprotoproto",
        "url": YOUTUBE,
    }
    job = recorded_job(source=source, maxSeconds=900, maxSongs=50)
    found = handle(job)
    assert found.keys() == {"found", "title", "owner", "total", "songs"}
    assert (found["found"], found["title"], found["owner"], found["total"]) == ("list", "Mix", "Somebody", 12)
    assert found["songs"][0] == {
        "link": "https://www.youtube.com/watch?v=10000000001",
        "title": "Song 1",
        "artist": "Some Band",
        "durationSeconds": 101,
        "unavailable": None,
    }
    assert [song["unavailable"] for song in found["songs"]] == [None, None, "a private video", *[None] * 9]
    assert found["songs"][2]["link"] is None
    assert {line["step"] for line in job._lines.of("progress")} == {"reading the list"}


@pytest.mark.parametrize(("most", "asked"), [(250, 4), (50, 2)])
def test_a_long_playlist_of_youtube(lists, internet, tmp_path, most, asked):
    lists.youtube["PLprotoprotoproto"] = mix(250, 11)
    found = read_site("youtube", YOUTUBE, most, tmp_path)
    assert found["total"] == 250
    assert [song["title"] for song in found["songs"]] == [f"Song {number}" for number in range(1, most + 1)]
    assert len(internet.asked) == asked  # the page, the list with what is hidden, and pages of a hundred


@pytest.mark.parametrize("most", [120, 30])
def test_a_set_of_soundcloud(lists, internet, tmp_path, most):
    lists.soundcloud[SOUNDCLOUD] = mix(120, 4, 7)
    found = read_site("soundcloud", SOUNDCLOUD, most, tmp_path)
    assert (found["title"], found["owner"], found["total"]) == ("Mix", "Somebody", 120)
    assert len(found["songs"]) == most
    for number, song in enumerate(found["songs"], 1):
        if number == 7:
            assert (song["link"], song["unavailable"]) == (None, "not available any more")
        else:
            assert song == {
                "link": f"https://soundcloud.com/some-band/song-{number}",
                "title": f"Song {number}",
                "artist": "Some Band",
                "durationSeconds": 100 + number,
                "unavailable": None,
            }
    batches = [path for _, host, path in internet.asked if path.startswith("/tracks?")]
    assert len(batches) == -(-most // 50)


def test_an_album_of_bandcamp(lists, internet, tmp_path):
    lists.bandcamp[BANDCAMP] = mix(3, 4, 2)
    found = read_site("bandcamp", BANDCAMP, 50, tmp_path)
    assert (found["title"], found["owner"], found["total"]) == (
        "Mix",
        "proto",
        2,
    )  # without what is not out yet
    assert [(song["link"], song["title"]) for song in found["songs"]] == [
        (f"https://{BANDCAMP_HOST}/track/song-1", "Song 1"),
        (f"https://{BANDCAMP_HOST}/track/song-3", "Song 3"),
    ]
    assert len(internet.asked) == 1


@pytest.mark.parametrize(
    ("site", "url"), [("youtube", YOUTUBE), ("soundcloud", SOUNDCLOUD), ("bandcamp", BANDCAMP)]
)
def test_lists_that_are_gone_or_private(lists, tmp_path: Path, site, url):
    error = failure(lambda: read_site(site, url, 50, tmp_path))
    assert (error.code, error.retryable) == ("list_not_found", False)


def test_a_list_that_is_refused(lists, internet, tmp_path):
    internet.hosts["www.youtube.com"] = lambda method, path: body(b"", "text/html", 429)
    assert failure(lambda: read_site("youtube", YOUTUBE, 50, tmp_path)).code == "source_blocked"


def test_a_page_that_is_read_by_no_other_extractor(lists, internet, tmp_path):
    """A link that is no list of the site is not handed on to whatever else yt-dlp knows."""
    error = failure(lambda: read_site("bandcamp", "https://files.example/album/mix", 50, tmp_path))
    assert error.code in ("site_changed", "source_unavailable", "list_not_found")
    assert internet.asked == []
