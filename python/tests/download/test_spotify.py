"""spotdl's real code against made-up Spotify, music search and media hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from audio_files import make
from fake_internet import FakeInternet, body
from tool_process import recorded_job, tool_environment

from stemtools import fetch_spotify
from stemtools.download import handle
from stemtools.errors import ToolError
from stemtools.spotify_track import explain_source, yt_dlp_arguments

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
