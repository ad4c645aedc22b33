"""spotdl's real code against made-up Spotify, music search and media hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from audio_files import make
from fake_internet import FakeInternet, body
from fake_music import GENERIC, WATCH, add_music
from tool_process import recorded_job, tool_environment

from stemtools import fetch_spotify
from stemtools.cover_url import cover_url
from stemtools.download import handle
from stemtools.errors import ToolError
from stemtools.fetch_search import fetch_search
from stemtools.spotify_track import explain_metadata, explain_source, yt_dlp_arguments

TRACK = "4uLU6hMCjMI75M1A2tKUQC"
LINKS = {"spotify": f"https://open.spotify.com/track/{TRACK}"}
ARTIST = {"id": "ar1", "name": "Proto Artist", "genres": ["test"], "external_urls": LINKS}
ALBUM = {
    "id": "al1",
    "name": "Proto Album",
    "album_type": "single",
    "artists": [ARTIST],
    "label": "L",
    "copyrights": [{"text": "C"}],
    "genres": [],
    "release_date": "2026-01-02",
    "total_tracks": 1,
    "images": [],
    "tracks": {"items": [{"disc_number": 1, "track_number": 1}], "total": 1},
}
SONG = {
    "id": TRACK,
    "name": "Proto Song",
    "type": "track",
    "artists": [ARTIST],
    "album": ALBUM,
    "duration_ms": 30000,
    "explicit": False,
    "disc_number": 1,
    "track_number": 1,
    "popularity": 1,
    "external_ids": {"isrc": "USAAA2600001"},
    "external_urls": LINKS,
}


def as_json(content: object, status: int = 200, **headers: str):
    status, own, chunks = body(json.dumps(content).encode(), "application/json", status)
    return status, {**own, **headers}, chunks


@pytest.fixture
def spotify(internet: FakeInternet, monkeypatch: pytest.MonkeyPatch) -> FakeInternet:
    """Spotify's API with one track, asked with credentials; a music search that finds nothing."""

    def api(method, path):
        if path.startswith(f"/v1/tracks/{TRACK}"):
            return as_json(SONG)
        if path.startswith("/v1/artists/"):
            return as_json(ARTIST)
        if path.startswith("/v1/albums/"):
            return as_json(ALBUM)
        return as_json({"error": {"status": 404, "message": "Resource not found"}}, 404)

    def music(method, path):
        if method == "POST":
            return as_json({"responseContext": {"visitorData": "x"}})
        return body(b'<html>ytcfg.set({"VISITOR_DATA":"x"});</html>', "text/html")

    internet.hosts["api.spotify.com"] = api
    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
    internet.hosts["accounts.spotify.com"] = lambda method, path: as_json(token)
    for host in ("music.youtube.com", "www.youtube.com"):
        internet.hosts[host] = music
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", "some-client-id")
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "some-client-secret")
    # yt-dlp trusts certifi only, unless told otherwise.
    monkeypatch.setenv("YTDLP_ARGS", "--compat-options no-certifi")
    return internet


def failure(out: Path, track_id: str = TRACK, max_seconds: float = 600) -> ToolError:
    source = {"kind": "spotify", "trackId": track_id}
    job = recorded_job(source=source, outDir=str(out), maxBytes=10**8, maxSeconds=max_seconds)
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        handle(job)
    assert time.monotonic() - started < 30
    assert os.listdir(out) == []
    return raised.value


@pytest.mark.parametrize(
    "track_id", ["", "short", TRACK + "x", "../" + TRACK[3:], "--help0000000000000000", TRACK[:-1] + "\n"]
)
def test_only_track_ids_are_taken(spotify, out, track_id):
    assert failure(out, track_id).code == "bad_request"
    assert spotify.asked == []


def test_a_deleted_track(spotify, out):
    error = failure(out, "0" * 22)
    assert (error.code, error.retryable) == ("spotify_not_found", False)


def test_a_rate_limit_of_a_day_is_told_at_once(spotify, out):
    limited = as_json(
        {"error": {"status": 429, "message": "API rate limit exceeded"}}, 429, **{"Retry-After": "86400"}
    )
    spotify.hosts["api.spotify.com"] = lambda method, path: limited
    error = failure(out)
    assert (error.code, error.retryable) == ("spotify_rate_limited", False)
    assert error.details == {"retryAfterSeconds": 86400}


def test_spotify_in_trouble(spotify, out):
    spotify.hosts["api.spotify.com"] = lambda method, path: as_json({}, 503)
    error = failure(out)
    assert (error.code, error.retryable) == ("spotify_unavailable", True)


def test_a_track_that_is_too_long(spotify, out):
    assert failure(out, max_seconds=20).code == "too_long"
    assert not any("youtube" in host for _, host, _ in spotify.asked)


def test_a_track_that_nobody_recorded(spotify, out):
    error = failure(out)
    assert error.code == "no_match"
    assert any(host == "music.youtube.com" for _, host, _ in spotify.asked)


def test_a_deadline(spotify, out, monkeypatch):
    monkeypatch.setattr(fetch_spotify, "DEADLINE_SECONDS", 0.5)
    job = recorded_job()
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        fetch_spotify.fetch_spotify(TRACK, out / "song", 10**8, 600, job, deadline_seconds=0.5)
    assert raised.value.code == "spotify_unavailable"
    assert time.monotonic() - started < 2
    assert os.listdir(out) == []


def test_the_recording_is_fetched_and_tagged(spotify, tmp_path, out):
    """The half after the match, which only YouTube could make: the address is given, the rest is spotdl's."""
    audio = make(tmp_path / "a.opus", 3, "-c:a", "libopus", "-ac", "2").read_bytes()
    spotify.hosts["cdn.example"] = lambda method, path: body(audio, "audio/ogg")
    code = (
        "import sys\n"
        "from stemtools import spotify_track as tool\n"
        "from stemtools.protocol import run_once\n"
        "def handle(job):\n"
        "    song = tool.find_song(job.request['trackId'])\n"
        "    song.download_url = 'https://cdn.example/a.opus'\n"
        "    return tool.fetch_song(song, job)\n"
        f"run_once({{'trackId': {TRACK!r}, 'maxBytes': 10**8, 'maxSeconds': 600}}, handle)\n"
    )
    environment = tool_environment(
        HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path)
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=out, capture_output=True, text=True
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["type"] == "result", (lines[-1], done.stderr[-2000:])
    assert {line["step"] for line in lines[:-1]} >= {"fetching"}
    result = lines[-1]
    found = (result["title"], result["artist"], result["album"], result["isrc"])
    assert found == ("Proto Song", "Proto Artist", "Proto Album", "USAAA2600001")
    assert result["matched"]["url"] == "https://cdn.example/a.opus"
    path = Path(result["path"])
    assert path.parent == out

    import mutagen

    assert mutagen.File(path)["title"] == ["Proto Song"]
    assert "some-client-secret" not in done.stdout


def test_what_sources_say():
    said = {
        "ERROR: [youtube] x: Sign in to confirm you're not a bot": "source_blocked",
        "HTTP Error 429: Too Many Requests": "source_blocked",
        "LookupError: No results found for song: x": "no_match",
        "[youtube] x: Video unavailable": "source_unavailable",
        "Unable to download webpage: Connection refused": "unreachable",
        "OSError: [Errno 28] No space left on device": "disk_full",
    }
    assert {text: explain_source(text).code for text in said} == said


def test_arguments_of_yt_dlp(monkeypatch):
    monkeypatch.setenv("NODE_RUNTIME", "/opt/my node/bin/node")
    monkeypatch.delenv("YTDLP_ARGS", raising=False)
    assert yt_dlp_arguments(1000).endswith("--js-runtimes 'node:/opt/my node/bin/node'")
    assert "--max-filesize 1000 " in yt_dlp_arguments(1000)


COVER = "https://i.scdn.co/image/ab67616d0000b273"
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 10


@pytest.fixture
def findable(spotify: FakeInternet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeInternet:
    """As `spotify`; its search finds the one track, its album has covers, and a recording can be had."""
    api = spotify.hosts["api.spotify.com"]
    images = [{"url": f"{COVER}{side}", "width": side, "height": side} for side in (64, 640, 300)]

    def answer(method, path):
        if path.startswith("/v1/search?"):
            return as_json({"tracks": {"items": [SONG, {**SONG, "id": "0" * 22}], "total": 2}})
        return as_json({**ALBUM, "images": images}) if path.startswith("/v1/albums/") else api(method, path)

    spotify.hosts["api.spotify.com"] = answer
    spotify.hosts["i.scdn.co"] = lambda method, path: body(JPEG, "image/jpeg")
    audio = make(tmp_path / "a.opus", 3, "-c:a", "libopus", "-ac", "2").read_bytes()
    add_music(spotify, "Proto Song", "Proto Artist", "0:30", audio)
    monkeypatch.setenv("YTDLP_ARGS", f"--compat-options no-certifi {GENERIC}")
    return spotify


@pytest.fixture
def finding_nothing(spotify: FakeInternet) -> FakeInternet:
    """As `spotify`; its search knows no song."""
    spotify.hosts["api.spotify.com"] = lambda method, path: as_json({"tracks": {"items": [], "total": 0}})
    return spotify


def searched(internet: FakeInternet) -> list[dict[str, list[str]]]:
    """The questions that Spotify's search was asked."""
    paths = [urlsplit(path) for _, host, path in internet.asked if host == "api.spotify.com"]
    return [parse_qs(path.query, keep_blank_values=True) for path in paths if path.path == "/v1/search"]


def search_job(out: Path, text: object):
    source = {"kind": "search", "text": text}
    return recorded_job(source=source, outDir=str(out), maxBytes=10**8, maxSeconds=600)


def search_failure(out: Path, text: object) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        handle(search_job(out, text))
    assert time.monotonic() - started < 30
    assert os.listdir(out) == []
    return raised.value


@pytest.mark.parametrize(
    "source", [{"kind": "spotify", "trackId": TRACK}, {"kind": "search", "text": " proto artist  song\n"}]
)
def test_a_track_and_a_search_bring_the_same(findable, out, source):
    job = recorded_job(source=source, outDir=str(out), maxBytes=10**8, maxSeconds=600)
    result = handle(job)
    found = (result["title"], result["artist"], result["album"], result["isrc"])
    assert found == ("Proto Song", "Proto Artist", "Proto Album", "USAAA2600001")
    assert result["matched"] == {"title": "recording", "url": WATCH}
    assert result["coverUrl"] == f"{COVER}640"
    assert (result["file"], result["durationSeconds"]) == ("audio.opus", pytest.approx(3, abs=0.03))
    assert sorted(os.listdir(out)) == ["audio.opus", "cover.jpg"]
    assert {line["step"] for line in job._lines.lines} == {"fetching", "metadata", "checking"}
    questions = [question["q"] for question in searched(findable)]
    assert questions == ([["proto artist  song"]] if source["kind"] == "search" else [])
    assert ("GET", "api.spotify.com", f"/v1/tracks/{TRACK}") in findable.asked


def test_words_that_find_nothing(finding_nothing, out):
    error = search_failure(out, "no such song")
    assert (error.code, error.retryable) == ("nothing_found", False)
    assert error.message == "Nothing was found for those words: give a link, or the artist and the title."


@pytest.mark.parametrize(
    "text",
    [
        "--output",
        "-x",
        "https://evil",
        f"https://open.spotify.com/track/{TRACK}",
        "library.spotdl",
        "429 rate limit",
        'not found"}&q=x#?',
        "\u00e4 \U0001f3b8 " + "x" * 296,
    ],
)
def test_words_are_only_ever_words(finding_nothing, out, text):
    assert search_failure(out, text).code == "nothing_found"
    assert [question["q"] for question in searched(finding_nothing)] == [[text]]
    assert {host for _, host, _ in finding_nothing.asked} == {"accounts.spotify.com", "api.spotify.com"}


@pytest.mark.parametrize(
    "text",
    ["", " \n ", "a\nb", "a\tb", "a\0b", "\x1b[2J", "a\x85b", "a\u2028b", "\ud800", "x" * 301, 7, None],
)
def test_what_are_no_words(spotify, out, text):
    assert search_failure(out, text).code == "bad_request"
    assert spotify.asked == []


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (404, "nothing_found", False),
        (429, "spotify_rate_limited", False),
        (503, "spotify_unavailable", True),
    ],
)
def test_a_search_that_spotify_refuses(spotify, out, status, code, retryable):
    headers = {"Retry-After": "7200"} if status == 429 else {}
    refused = as_json({"error": {"status": status, "message": "No."}}, status, **headers)
    spotify.hosts["api.spotify.com"] = lambda method, path: refused
    error = search_failure(out, "429 songs that were not found")
    assert (error.code, error.retryable) == (code, retryable)
    assert error.details == ({"retryAfterSeconds": 7200} if headers else {})


def test_a_search_has_a_deadline(spotify, out):
    def silent(method, path):
        time.sleep(3)
        return as_json({})

    spotify.hosts["api.spotify.com"] = silent
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        fetch_search("some words", out / "song", 10**8, 600, recorded_job(), deadline_seconds=2.5)
    assert (raised.value.code, raised.value.retryable) == ("spotify_unavailable", True)
    assert time.monotonic() - started < 4
    assert os.listdir(out) == []


def test_errors_are_not_taken_for_the_words_that_they_repeat():
    said = {
        "No results found for: 429 rate limit": "spotify_not_found",
        "Spotipy error, no response: 429 not found": "spotify_unavailable",
        "Max retries exceeded with url: /v1/search?q=429 (Caused by X)": "spotify_unavailable",
        "Track no longer exists: https://open.spotify.com/track/429": "spotify_not_found",
        "HTTP 429": "spotify_rate_limited",
    }
    assert {text: explain_metadata(Exception(text)).code for text in said} == said


@pytest.mark.parametrize("host", ["i.scdn.co", "mosaic.scdn.co", "image-cdn-ak.spotifycdn.com", "I.SCDN.CO"])
def test_covers_of_spotify(host):
    assert cover_url(f"https://{host}/image/a?b=1") == f"https://{host.lower()}/image/a?b=1"


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        "",
        "image",
        "//i.scdn.co/image",
        "http://i.scdn.co/image",
        "https://scdn.co/image",
        "https://evilscdn.co/image",
        "https://i.scdn.co.evil.com/image",
        "https://evil.com/i.scdn.co",
        "https://evil.com#.scdn.co",
        "https://me@i.scdn.co/image",
        "https://i.scdn.co\\@evil.com/",
        "https://i.scdn.co/a b",
        "https://i.scdn.co:99999/",
        "https://127.0.0.1/.scdn.co",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)//.scdn.co",
    ],
)
def test_covers_of_nobody_known(address):
    assert cover_url(address) is None


def test_a_cover_on_another_host_is_not_told(findable, out):
    api = findable.hosts["api.spotify.com"]
    images = [{"url": "https://covers.example/a.jpg", "width": 640, "height": 640}]
    findable.hosts["covers.example"] = lambda method, path: body(JPEG, "image/jpeg")
    findable.hosts["api.spotify.com"] = lambda method, path: (
        as_json({**ALBUM, "images": images}) if path.startswith("/v1/albums/") else api(method, path)
    )
    result = handle(search_job(out, "proto song"))
    assert (result["title"], result["coverUrl"]) == ("Proto Song", None)
