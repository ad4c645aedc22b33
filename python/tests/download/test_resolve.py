"""From a link or words to a recording, by spotdl's searches of made-up services."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_internet import Answer, FakeInternet, Request, body
from fake_music import Candidate, FakeMusic, add_music
from fake_spotify import CLIENT_ID, CLIENT_SECRET, FakeSpotify, Track, add_spotify, as_json, failed
from fake_youtube import FakeYouTube, Video, add_youtube
from tool_process import ToolProcess, recorded_job

from stemtools import resolve
from stemtools.errors import ToolError
from stemtools.finding.catalogue_song import catalogue_song
from stemtools.finding.search_recordings import find_by_words, find_recordings
from stemtools.resolve import handle, source_of

ID = "4uLU6hMCjMI75M1A2tKUQC"
TRACK = Track(ID, "Proto Song", ("Proto Artist",), 200, isrc="USAAA2600001")
SOURCE = {"kind": "spotify", "trackId": ID}
RIGHT = Candidate(
    "rightvideo1", "Proto Song", ("Proto Artist",), 201, album="Proto Album", isrc="USAAA2600001"
)
LIVE = Candidate("livevideo01", "Proto Song (Live at Wembley)", ("Proto Artist",), 212, album="Live")
OTHER = Candidate("othervideo1", "Something Else", ("Nobody",), 90)
VIDEO = Candidate("proto-video", "Proto Artist - Proto Song", ("Somebody",), 203, kind="video")


@pytest.fixture
def music(internet: FakeInternet) -> FakeMusic:
    """YouTube Music with nothing to be found, and YouTube with no video."""
    add_youtube(internet)
    return add_music(internet)


@pytest.fixture
def spotify(internet: FakeInternet, music: FakeMusic) -> FakeSpotify:
    spotify = add_spotify(internet)
    spotify.add(TRACK)
    return spotify


@pytest.fixture
def official(spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch) -> FakeSpotify:
    """As `spotify`, to be asked with credentials."""
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", CLIENT_SECRET)
    return spotify


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the tool puts its folders; none may be left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert os.listdir(folder) == []


def job_for(source: object, max_seconds: float = 900, **more: object):
    return recorded_job(source=source, maxSeconds=max_seconds, maxSongs=50, **more)


def failure(question, seconds: float = 25) -> ToolError:
    started = time.monotonic()
    with pytest.raises(ToolError) as raised:
        question()
    assert time.monotonic() - started < seconds
    return raised.value


def find(tmp_path: Path, max_seconds: float = 900, **more: object) -> dict:
    """The recordings of TRACK, searched for in this process."""
    song = catalogue_song(
        **{
            "title": "Proto Song",
            "artists": ["Proto Artist"],
            "isrc": "USAAA2600001",
            "duration_seconds": 200,
            **more,
        }
    )
    return find_recordings(song, max_seconds, tmp_path)


def link(candidate: Candidate) -> str:
    return f"https://www.youtube.com/watch?v={candidate.video_id}"


# The whole tool.


@pytest.mark.parametrize("client", ["official", "spotify"])
def test_a_track_of_spotify_to_its_recording(client, music, internet, request):
    spotify = request.getfixturevalue(client)
    music.candidates += [LIVE, RIGHT]
    job = job_for(SOURCE)
    found = handle(job)
    assert found["found"] == "recording"
    song = found["song"]
    assert (song["title"], song["artist"], song["durationSeconds"]) == ("Proto Song", "Proto Artist", 200)
    assert song["isrc"] == ("USAAA2600001" if client == "official" else None)  # the web player does not say
    recording = found["recording"]
    assert (recording["link"], recording["title"]) == (link(RIGHT), "Proto Song")
    assert (recording["channel"], recording["durationSeconds"]) == ("Proto Artist", 201)
    assert 0.8 < recording["confidence"] <= 1
    assert recording["reason"] is None
    assert len(spotify.asked) == 1
    assert [line["step"] for line in job._lines.of("progress")] == ["metadata", "metadata", "matching"]
    assert [line["name"] for line in job._lines.of("span")] == ["metadata", "search"]
    assert set(found) == {"found", "song", "recording", "others"}


def test_words_become_choices(music):
    music.candidates += [LIVE, RIGHT, VIDEO]
    job = job_for({"kind": "search", "text": " proto artist  proto song\n"})
    found = handle(job)
    assert (found["found"], found["song"]) == ("choices", None)
    assert {choice["link"] for choice in found["choices"]} == {link(RIGHT), link(LIVE), link(VIDEO)}
    assert set(music.asked) == {"proto artist  proto song"}
    assert {line["step"] for line in job._lines.of("progress")} == {"matching"}


def test_a_rate_limit_goes_out_with_its_length(official):
    official.interrupt = lambda request: failed(429, "API rate limit exceeded", **{"Retry-After": "86400"})
    error = failure(lambda: handle(job_for(SOURCE)))
    assert (error.code, error.retryable) == ("spotify_rate_limited", False)
    assert error.details == {"retryAfterSeconds": 86400}
    assert len(official.asked) == 1


def test_an_answer_that_leads_into_a_private_network(official):
    def page(request: Request) -> Answer:
        owner, tracks = {"display_name": "Me"}, {"total": 200, "next": "https://169.254.169.254/next"}
        return as_json({"name": "A trap", "owner": owner, "tracks": {**tracks, "items": []}})

    official.interrupt = page
    source = {"kind": "list", "service": "spotify", "type": "playlist", "id": ID, "url": ""}
    assert failure(lambda: handle(job_for(source))).code == "unsafe_address"


def test_a_stream_that_drips(official, monkeypatch):
    monkeypatch.setattr(resolve, "DEADLINE_SECONDS", 6.0)
    done = threading.Event()

    def drip() -> Iterator[bytes]:
        while not done.wait(0.1):
            yield b" "

    official.interrupt = lambda request: (200, {"Content-Type": "application/json"}, drip())
    try:
        error = failure(lambda: handle(job_for(SOURCE)), seconds=12)
    finally:
        done.set()
    assert (error.code, error.retryable) == ("too_slow", True)


def test_it_serves_and_is_cancelled(official, music):
    music.candidates.append(RIGHT)
    asked, release = threading.Event(), threading.Event()
    with ToolProcess("resolve") as tool:
        assert tool.read_until("ready")["tool"] == "resolve"
        request = {"source": SOURCE, "maxSeconds": 900, "maxSongs": 50}
        answer = tool.answer({"id": "a", **request}, seconds=60)
        assert (answer["type"], answer["found"], answer["id"]) == ("result", "recording", "a")

        def silent(request: Request) -> None:
            asked.set()
            release.wait(30)

        official.interrupt = silent
        tool.send({"id": "b", **request})
        assert asked.wait(30)
        started = time.monotonic()
        tool.send({"cancel": "b"})
        error = tool.read_until("result", "error")
        release.set()
    assert (error["code"], error["id"]) == ("cancelled", "b")
    assert time.monotonic() - started < 2


# Searches, in this process.


def test_the_isrc_is_asked_for_first(music, tmp_path):
    music.candidates.append(RIGHT)
    assert find(tmp_path)["found"] == "recording"
    assert music.asked[0] == "USAAA2600001"
    assert "proto artist - proto song" not in music.asked  # sure enough without


def test_a_song_without_isrc(music, tmp_path):
    music.candidates += [OTHER, RIGHT]
    found = find(tmp_path, isrc=None)
    assert (found["found"], found["recording"]["link"]) == ("recording", link(RIGHT))
    assert music.asked == ["proto artist - proto song"]  # one search for songs is enough


def test_wrong_lengths_are_asked_about(music, tmp_path):
    wrong = Candidate("wrongvideo1", "Proto Song", ("Proto Artist",), 290)
    music.candidates += [wrong, LIVE]
    found = find(tmp_path)
    assert found["found"] == "choices"
    assert {choice["link"] for choice in found["choices"]} == {link(wrong), link(LIVE)}
    assert all(choice["reason"] and choice["confidence"] < 0.8 for choice in found["choices"])
    assert found["song"]["title"] == "Proto Song"


def test_no_match(music, tmp_path):
    music.candidates.append(OTHER)
    error = failure(lambda: find(tmp_path))
    assert (error.code, error.retryable) == ("no_match", False)


def test_words_that_fit_one_recording_only(music, tmp_path):
    music.candidates += [OTHER, RIGHT]
    found = find_by_words("proto artist proto song", 900, tmp_path)
    assert (found["found"], found["song"], found["recording"]["link"]) == ("recording", None, link(RIGHT))
    assert [other["link"] for other in found["others"]] == [link(OTHER)]


def test_nothing_at_all(music, tmp_path):
    assert failure(lambda: find(tmp_path)).code == "no_match"
    assert failure(lambda: find_by_words("proto song", 900, tmp_path)).code == "nothing_found"


def test_a_song_that_is_too_long_is_not_searched_for(music, tmp_path):
    assert failure(lambda: find(tmp_path, max_seconds=199)).code == "too_long"
    assert music.asked == []


def test_recordings_that_are_too_long_are_left_out(music, tmp_path):
    music.candidates += [RIGHT, LIVE]
    found = find_by_words("proto artist proto song", 205, tmp_path)
    shown = found.get("choices") or [found["recording"]]
    assert [one["link"] for one in shown] == [link(RIGHT)]
    music.candidates.remove(RIGHT)
    assert failure(lambda: find_by_words("proto artist proto song", 205, tmp_path)).code == "too_long"


def test_youtube_is_asked_where_youtube_music_knows_nothing(music, internet, tmp_path):
    add_youtube(
        internet, Video(VIDEO.video_id, "Proto Artist - Proto Song", b"", 200, "Proto Artist - Topic")
    )
    found = find(tmp_path)
    shown = found.get("choices") or [found["recording"]]
    assert [one["link"] for one in shown] == [link(VIDEO)]
    watched = [path for _, host, path in internet.asked if host == "www.youtube.com"]
    assert not any(path.startswith(("/watch", "/youtubei/v1/player")) for path in watched)  # one flat search


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            lambda: body(b'{"error": {"code": 429, "message": "Too many"}}', "application/json", 429),
            "source_blocked",
        ),
        (lambda: body(b"<html>Sorry</html>", "text/html"), "unreachable"),
    ],
)
def test_searches_that_are_refused(music, internet, tmp_path, answer, code):
    music.interrupt = lambda request: answer()
    assert failure(lambda: find(tmp_path, title="429 captcha")).code == code
    youtube = internet.hosts["www.youtube.com"]
    assert isinstance(youtube, FakeYouTube)
    youtube.videos[VIDEO.video_id] = Video(VIDEO.video_id, "Proto Artist - Proto Song", b"", 200)
    assert find(tmp_path)["found"] in ("recording", "choices")  # the other search still works


@pytest.mark.parametrize(
    "text",
    ["--output", "-x", "https://evil", "library.spotdl", "429 rate limit", 'not found"}&q=x#?', "x" * 300],
)
def test_words_are_only_ever_words(music, internet, tmp_path, text):
    assert failure(lambda: find_by_words(text, 900, tmp_path)).code == "nothing_found"
    assert set(music.asked) == {text}
    assert {host for _, host, _ in internet.asked} == {"music.youtube.com", "www.youtube.com"}


# What is asked of the tool.


@pytest.mark.parametrize(
    "source",
    [
        None,
        {"kind": "file", "path": "/etc/passwd"},
        {"kind": "spotify"},
        *(
            {"kind": "spotify", "trackId": text}
            for text in ("", "x", ID + "x", "../" + ID[3:], ID[:-1] + "\n")
        ),
        *(
            {"kind": "search", "text": text}
            for text in (
                "",
                " \n ",
                "a\nb",
                "a\tb",
                "a\0b",
                "\x1b[2J",
                "a\x85b",
                "a\u2028b",
                "\ud800",
                "x" * 301,
                7,
            )
        ),
        {"kind": "catalogue", "service": "spotify", "id": "1"},
        {"kind": "catalogue", "service": "deezer", "id": "1/2"},
        {"kind": "catalogue", "service": "apple", "id": "1", "country": "us&x=1"},
        {"kind": "list", "service": "tidal", "type": "album", "id": "1"},
        {"kind": "list", "service": "spotify", "type": "album", "id": "../" + ID[3:]},
        {
            "kind": "list",
            "service": "youtube",
            "type": "playlist",
            "url": "http://127.0.0.1/playlist?list=PL1",
        },
        {
            "kind": "list",
            "service": "youtube",
            "type": "playlist",
            "url": "https://www.youtube.com.evil/playlist",
        },
        {"kind": "list", "service": "soundcloud", "type": "playlist", "url": "file:///etc/passwd"},
        {
            "kind": "list",
            "service": "bandcamp",
            "type": "album",
            "url": "https://a.bandcamp.com@evil/album/x",
        },
    ],
)
def test_what_is_not_taken(internet, source):
    assert failure(lambda: handle(job_for(source))).code == "bad_request"
    assert internet.asked == []


def test_by_hand():
    spotify = "https://open.spotify.com"
    typed = {
        f"{spotify}/intl-de/track/{ID}?si=1": {"kind": "spotify", "trackId": ID},
        f"{spotify}/album/{ID}": {"kind": "list", "service": "spotify", "type": "album", "id": ID},
        "https://www.deezer.com/en/track/7": {"kind": "catalogue", "service": "deezer", "id": "7"},
        "https://music.apple.com/us/album/a-b/1?i=7": {
            "kind": "catalogue", "service": "apple", "country": "us", "id": "7",
        },
        "https://spotify.link/abc": {"kind": "short", "url": "https://spotify.link/abc"},
        "proto artist song": {"kind": "search", "text": "proto artist song"},
    }  # fmt: skip
    assert {text: source_of(text) for text in typed} == typed
