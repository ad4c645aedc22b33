"""spotdl's clients against Spotify's made-up APIs: the official one here, the web player's in a child."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from fake_internet import Answer, FakeInternet, Request, body
from fake_spotify import (
    CLIENT_ID,
    CLIENT_SECRET,
    FakeSpotify,
    Listing,
    Track,
    add_spotify,
    as_json,
    failed,
    track_id,
    without_parts,
)
from tool_process import recorded_job

from stemtools.errors import ToolError
from stemtools.fetching.confined import run_confined
from stemtools.finding import resolve_spotify
from stemtools.finding.resolve_spotify import Spotify

ID = "4uLU6hMCjMI75M1A2tKUQC"
LIST = "37i9dQZF1DX0XUsuxWHRQd"
SONG = Track(
    ID, "Proto Song", ("Proto Artist", "Guest"), 181.5, isrc="USAAA2600001", explicit=True, released="2019-03"
)
LINK = f"https://open.spotify.com/track/{ID}"
PAGE = body(b"<!doctype html><title>Spotify</title>", "text/html")


@pytest.fixture
def spotify(internet: FakeInternet) -> FakeSpotify:
    spotify = add_spotify(internet)
    spotify.add(SONG)
    return spotify


@pytest.fixture
def official(spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch) -> FakeSpotify:
    """As `spotify`, to be asked with credentials."""
    from spotapi.http.request import TLSClient
    from spotdl.utils.spotify import SpotifyClient

    monkeypatch.setattr(SpotifyClient, "_instance", None)  # spotdl makes one client a process
    monkeypatch.setattr(TLSClient, "request", TLSClient.request)
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", CLIENT_SECRET)
    return spotify


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Set when the test is over, so that no host waits any longer."""
    event = threading.Event()
    yield event
    event.set()


def failure(question) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        question()
    assert time.monotonic() - started < 10
    assert CLIENT_SECRET not in raised.value.message
    return raised.value


def first(*answers: Answer):
    """Answers instead of Spotify, each once."""
    left = list(answers)
    return lambda request: left.pop(0) if left else None


def limited(seconds: int | None) -> Answer:
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return failed(429, "API rate limit exceeded", **headers)


def test_a_track(official):
    assert Spotify().find_song(ID) == {
        "title": "Proto Song",
        "artist": "Proto Artist, Guest",
        "artists": ["Proto Artist", "Guest"],
        "album": "Proto Album",
        "isrc": "USAAA2600001",
        "durationSeconds": 181.5,
        "coverUrl": f"{SONG.cover}640",
        "link": LINK,
        "explicit": True,
        "year": 2019,
    }
    assert official.asked == [("GET", f"/v1/tracks/{ID}")]


def test_a_track_that_is_not_played_in_some_countries_is_told(official):
    official.add(Track(ID, "Elsewhere", restriction="market"))
    assert Spotify().find_song(ID)["title"] == "Elsewhere"


@pytest.mark.parametrize(
    ("track", "code"),
    [
        (without_parts(SONG), "spotify_not_found"),
        (Track(ID, "Silence", seconds=0), "spotify_not_found"),
        (Track(ID, "An episode", kind="episode"), "not_a_song"),
    ],
)
def test_what_is_no_song(official, track, code):
    official.add(track)
    assert failure(lambda: Spotify().find_song(ID)).code == code


def test_a_track_that_is_gone(official):
    error = failure(lambda: Spotify().find_song("0" * 22))
    assert (error.code, error.retryable) == ("spotify_not_found", False)
    assert len(official.asked) == 1  # not asked again, as spotipy would


def test_a_rate_limit_of_a_day_is_told_at_once(official):
    official.interrupt = lambda request: limited(86400)
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.retryable) == ("spotify_rate_limited", False)
    assert error.details == {"retryAfterSeconds": 86400}
    assert "24 hours" in error.message
    assert len(official.asked) == 1


def test_a_short_rate_limit_is_waited_for(official):
    official.interrupt = first(limited(2))
    started = time.monotonic()
    assert Spotify().find_song(ID)["title"] == "Proto Song"
    assert time.monotonic() - started >= 2
    assert len(official.asked) == 2


def test_a_short_rate_limit_is_waited_for_once(official):
    official.interrupt = lambda request: limited(1)
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.details) == ("spotify_rate_limited", {"retryAfterSeconds": 1})
    assert len(official.asked) == 2


def test_a_rate_limit_of_unknown_length(official):
    official.interrupt = lambda request: limited(None)
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.details) == ("spotify_rate_limited", {})


def test_an_expired_token_is_renewed(official, internet):
    official.token_uses = 1
    spotify = Spotify()
    assert spotify.find_song(ID) == spotify.find_song(ID)
    assert [path for _, host, path in internet.asked if host == "accounts.spotify.com"] == ["/api/token"] * 2


def test_tokens_that_are_never_good(official):
    official.token_uses = 0
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.retryable) == ("spotify_unavailable", False)
    assert "SPOTIFY_CLIENT_ID" in error.message


def test_wrong_credentials(official, monkeypatch):
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "a-wrong-secret")
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.retryable) == ("spotify_unavailable", False)
    assert "a-wrong-secret" not in error.message
    assert official.asked == []


def test_an_app_that_may_not_ask(official):
    official.interrupt = lambda request: failed(403, "Active premium subscription required")
    assert failure(lambda: Spotify().find_song(ID)).code == "spotify_unavailable"


def cut() -> Answer:
    def chunks():
        yield b'{"id": "'
        raise ConnectionError

    return 200, {"Content-Type": "application/json", "Content-Length": "1000"}, chunks()


@pytest.mark.parametrize(
    "answer",
    [lambda: PAGE, lambda: body(b"", "text/html", 503), lambda: as_json({}), lambda: as_json([]), cut],
    ids=["html", "unavailable", "no_fields", "no_object", "cut"],
)
def test_no_proper_answer(official, answer):
    official.interrupt = lambda request: answer()
    error = failure(lambda: Spotify().find_song(ID))
    assert (error.code, error.retryable) == ("spotify_unavailable", True)
    assert len(official.asked) == 1  # spotdl would ask for JSON for ever


def test_silence(official, monkeypatch, release):
    monkeypatch.setattr(resolve_spotify, "REQUEST_SECONDS", 0.3)
    official.interrupt = lambda request: release.wait(20) and None
    assert failure(lambda: Spotify().find_song(ID)).code == "spotify_unavailable"


def songs(count: int) -> list[Track]:
    return [Track(track_id(number), f"Song {number}", ("Band",), 100 + number) for number in range(count)]


@pytest.mark.parametrize(
    ("kind", "most", "asked"),
    [("playlist", 120, 2), ("playlist", 50, 1), ("album", 120, 3), ("album", 100, 2)],
)
def test_a_list_of_120(official, kind, most, asked):
    listings = official.playlists if kind == "playlist" else official.albums
    listings[LIST] = Listing("Many", "Somebody", songs(120))
    found = Spotify().read_list(kind, LIST, most)
    assert (found["title"], found["owner"], found["total"]) == ("Many", "Somebody", 120)
    assert found["songs"] == [
        {
            "link": f"https://open.spotify.com/track/{track_id(number)}",
            "title": f"Song {number}",
            "artist": "Band",
            "durationSeconds": 100 + number,
            "unavailable": None,
        }
        for number in range(most)
    ]
    assert len(official.asked) == asked  # pages only, nothing for each song


MIXED = Listing(
    "Mixed",
    "Somebody",
    [
        SONG,
        None,
        Track("Band:Album:Home recording", "Home recording", kind="local"),
        Track(track_id(3), "Talk", kind="episode"),
        without_parts(Track(track_id(4), "Removed")),
        Track(track_id(5), "Elsewhere", restriction="market"),
        Track(track_id(6), "Withdrawn", restriction="product"),
    ],
)
MIXED_LINES = [
    (LINK, "Proto Song", None),
    (None, "Unknown song", "not available any more"),
    (None, "Home recording", "a local file"),
    (None, "Talk", "a podcast episode"),
    (None, "Unknown song", "not available any more"),
    (f"https://open.spotify.com/track/{track_id(5)}", "Elsewhere", None),
    (None, "Withdrawn", "not available any more"),
]


def lines(found: dict) -> list[tuple]:
    return [(song["link"], song["title"], song["unavailable"]) for song in found["songs"]]


def test_what_cannot_be_fetched_from_a_playlist(official):
    official.playlists[LIST] = MIXED
    assert lines(Spotify().read_list("playlist", LIST, 50)) == MIXED_LINES


def test_a_playlist_as_the_api_names_its_parts_since_2026(official):
    def renamed(request: Request) -> Answer | None:
        official.interrupt = lambda request: None
        whole = {"name": "New", "owner": {"display_name": "Me"}}
        entries = [
            {"item": {"uri": SONG.uri, "name": "Proto Song", "artists": [], "duration_ms": 1000}},
            None,
        ]
        return as_json({**whole, "items": {"items": entries, "total": 2, "next": None}})

    official.interrupt = renamed
    found = Spotify().read_list("playlist", LIST, 50)
    assert lines(found) == [(LINK, "Proto Song", None), (None, "Unknown song", "not available any more")]


# The web player's API, whose client must be started with its certificates.


def by_web_player(tmp_path, kind: str = "playlist", most: int = 50) -> dict:
    request = {"service": "spotify", "type": kind, "id": LIST, "maxSongs": most}
    return run_confined("stemtools.finding.resolve_list", request, tmp_path, recorded_job(), 30, 10**7)


def test_a_playlist_by_the_web_player(spotify, tmp_path):
    spotify.playlists[LIST] = MIXED
    found = by_web_player(tmp_path)
    assert (found["title"], found["owner"], found["total"]) == ("Mixed", "Somebody", 7)
    assert lines(found) == MIXED_LINES
    assert spotify.asked == [("POST", "/pathfinder/v1/query#fetchPlaylist")]


def test_a_playlist_of_500_by_the_web_player(spotify, tmp_path):
    spotify.playlists[LIST] = Listing("Many", "Somebody", songs(500))
    found = by_web_player(tmp_path, most=400)
    assert (found["total"], len(found["songs"])) == (500, 400)
    assert found["songs"][399]["title"] == "Song 399"
    assert len(spotify.asked) == 2


def test_an_album_by_the_web_player(spotify, tmp_path):
    spotify.albums[LIST] = Listing("Album", "Band", songs(120))
    found = by_web_player(tmp_path, "album", 120)
    assert (found["title"], found["owner"], found["total"], len(found["songs"])) == (
        "Album",
        "Band",
        120,
        120,
    )
    assert len(spotify.asked) == 1


def test_a_private_playlist(spotify, tmp_path):
    error = failure(lambda: by_web_player(tmp_path))
    assert (error.code, error.retryable) == ("list_not_found", False)


def test_a_playlist_that_the_official_api_keeps_back(official, tmp_path):
    official.playlists[LIST] = MIXED
    official.withholds_playlists = True
    assert lines(by_web_player(tmp_path)) == MIXED_LINES
    assert [path for _, path in official.asked][-1] == "/pathfinder/v1/query#fetchPlaylist"


def test_a_playlist_that_neither_shows(official, tmp_path):
    assert failure(lambda: by_web_player(tmp_path)).code == "list_not_found"
    assert [path.partition("?")[0] for _, path in official.asked] == [
        f"/v1/playlists/{LIST}",
        "/pathfinder/v1/query#fetchPlaylist",
    ]


def test_the_web_player_limits_rates_too(spotify, tmp_path):
    spotify.interrupt = lambda request: limited(86400)
    error = failure(lambda: by_web_player(tmp_path))
    assert (error.code, error.details) == ("spotify_rate_limited", {"retryAfterSeconds": 86400})
    assert len(spotify.asked) == 1


def test_a_token_of_the_web_player_is_renewed(spotify, tmp_path):
    spotify.playlists[LIST] = Listing("Many", "Somebody", songs(500))
    spotify.token_uses = 1
    assert len(by_web_player(tmp_path, most=400)["songs"]) == 400


@pytest.mark.parametrize("left", [None, without_parts(SONG)])
def test_a_track_that_the_web_player_does_not_know(spotify, tmp_path, left):
    spotify.tracks = {ID: left} if left else {}
    request = {"trackId": ID, "maxSeconds": 900}
    error = failure(
        lambda: run_confined("stemtools.finding.resolve_song", request, tmp_path, recorded_job(), 30, 10**7)
    )
    assert (error.code, error.retryable) == ("spotify_not_found", False)
    assert spotify.asked == [("POST", "/pathfinder/v1/query#getTrack")]


def test_html_from_the_web_players_api(spotify, tmp_path):
    spotify.interrupt = lambda request: PAGE
    error = failure(lambda: by_web_player(tmp_path))
    assert (error.code, error.retryable) == ("spotify_unavailable", True)
    assert len(spotify.asked) == 1


def test_a_web_player_that_has_changed(spotify, internet, tmp_path):
    internet.hosts["open.spotify.com"] = lambda method, path: PAGE
    error = failure(lambda: by_web_player(tmp_path))
    assert (error.code, error.retryable) == ("spotify_unavailable", True)
