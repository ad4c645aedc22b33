"""Songs and lists of Apple Music, Deezer and Tidal, by what these show to everybody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fake_catalogues import FakeCatalogues, Known, KnownList, add_catalogues, tidal_page
from fake_internet import FakeInternet, body
from fake_music import Candidate, add_music
from tool_process import recorded_job

from stemtools import resolve
from stemtools.errors import ToolError
from stemtools.finding.resolve_catalogue import find_song
from stemtools.resolve import handle

KNOWN = Known("Get Up & Go", ("First", "Second"), 227, isrc="GBDUW0000059", explicit=True)


@pytest.fixture
def catalogues(internet: FakeInternet) -> FakeCatalogues:
    catalogues = add_catalogues(internet)
    catalogues.apple_tracks["1440"] = KNOWN
    catalogues.deezer_tracks["3135556"] = KNOWN
    catalogues.tidal_pages["77646168"] = tidal_page(KNOWN)
    return catalogues


def song(folder: Path, service: str, song_id: str, country: str | None = None) -> dict:
    found = find_song(service, song_id, country, folder, lambda: None)
    assert os.listdir(folder) == []
    return found


def read_list(service: str, kind: str, list_id: str, most: int = 50) -> dict:
    source = {"kind": "list", "service": service, "type": kind, "id": list_id, "country": None}
    return handle(recorded_job(source=source, maxSeconds=900, maxSongs=most))


def failure(question) -> ToolError:
    with pytest.raises(ToolError) as raised:
        question()
    return raised.value


@pytest.mark.parametrize(
    ("service", "song_id", "artists", "isrc", "explicit", "year", "cover"),
    [
        ("apple", "1440", ["First & Second"], None, True, 2005, "https://is1-ssl.mzstatic.com/"),
        (
            "deezer",
            "3135556",
            ["First", "Second"],
            "GBDUW0000059",
            True,
            2001,
            "https://cdn-images.dzcdn.net/",
        ),
        (
            "tidal",
            "77646168",
            ["First", "Second"],
            "GBDUW0000059",
            None,
            None,
            "https://resources.tidal.com/",
        ),
    ],
)
def test_a_song(catalogues, internet, tmp_path, service, song_id, artists, isrc, explicit, year, cover):
    found = song(tmp_path, service, song_id)
    assert found.pop("coverUrl").startswith(cover)
    assert found == {
        "title": "Get Up & Go",
        "artist": ", ".join(artists),
        "artists": artists,
        "album": "Known Album",
        "isrc": isrc,
        "durationSeconds": 227,
        "link": None,
        "explicit": explicit,
        "year": year,
    }
    assert len(internet.asked) == 1


def test_a_song_to_its_recording(catalogues, internet):
    right = Candidate(
        "rightvideo1", "Get Up & Go", ("First", "Second"), 228, isrc="GBDUW0000059", explicit=True
    )
    add_music(internet, right)
    source = {"kind": "catalogue", "service": "deezer", "id": "3135556", "country": None}
    job = recorded_job(source=source, maxSeconds=900, maxSongs=50)
    found = handle(job)
    assert (found["found"], found["song"]["isrc"]) == ("recording", "GBDUW0000059")
    assert found["recording"]["link"] == "https://www.youtube.com/watch?v=rightvideo1"
    steps = [line["step"] for line in job._lines.of("progress")]
    assert list(dict.fromkeys(steps)) == ["metadata", "matching"]


def test_the_store_of_another_country(catalogues, tmp_path):
    catalogues.apple_tracks["7"] = Known("Nur hier", ("Band",), 100, country="de")
    assert song(tmp_path, "apple", "7", "de")["title"] == "Nur hier"
    assert failure(lambda: song(tmp_path, "apple", "7")).code == "catalogue_not_found"


@pytest.mark.parametrize("service", ["apple", "deezer", "tidal"])
def test_songs_that_are_not_there(catalogues, tmp_path, service):
    error = failure(lambda: song(tmp_path, service, "404"))
    assert (error.code, error.retryable) == ("catalogue_not_found", False)


def test_what_is_no_song(catalogues, tmp_path):
    catalogues.apple_tracks["8"] = Known("Talk", ("Host",), 3000, kind="podcast-episode")
    assert failure(lambda: song(tmp_path, "apple", "8")).code == "not_a_song"


def cut():
    def chunks():
        yield b'{"id": '
        raise ConnectionError

    return 200, {"Content-Type": "application/json", "Content-Length": "1000"}, chunks()


@pytest.mark.parametrize("service", ["apple", "deezer", "tidal"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda: body(b"<html>Sorry</html>", "text/html"),
        lambda: body(b"", "text/html", 403),
        lambda: body(b"", "text/html", 429),
        lambda: body(b"", "text/html", 503),
        lambda: body(b"[]", "application/json"),
        lambda: body(b'{"error": {"code": 4, "message": "Quota limit exceeded"}}', "application/json"),
        lambda: body(b"x" * 9_000_000, "application/json"),
        cut,
    ],
    ids=["html", "forbidden", "limited", "down", "no_object", "quota", "huge", "cut"],
)
def test_catalogues_in_trouble(catalogues, tmp_path, service, answer):
    catalogues.interrupt = lambda request: answer()
    error = failure(lambda: song(tmp_path, service, "1440"))
    assert (error.code, error.retryable) == ("catalogue_unavailable", True)


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/", "https://evil.example/", "http://api.deezer.com/track/1"]
)
def test_where_they_must_not_lead(catalogues, internet, tmp_path, target):
    catalogues.interrupt = lambda request: (302, {"Location": target, "Content-Length": "0"}, [])
    assert failure(lambda: song(tmp_path, "deezer", "1")).code == "unsafe_address"
    assert len(internet.asked) == 1


@pytest.mark.parametrize(
    ("page", "title", "artists"),
    [
        ("<title>Billie Jean by Michael Jackson on TIDAL</title>", "Billie Jean", ["Michael Jackson"]),
        ("<title>Stand by Me by Ben E. King on Tidal</title>", "Stand by Me", ["Ben E. King"]),
        ('<meta property="og:title" content="A, B - Song &amp; more">', "Song & more", ["A", "B"]),
        (
            '<script type="application/ld+json">{oops</script><script type="application/ld+json">'
            '{"@graph": [{"@type": "WebSite"}, {"@type": ["MusicRecording"], "name": "S",'
            ' "byArtist": {"name": "A"}}]}</script>',
            "S",
            ["A"],
        ),
    ],
)
def test_pages_of_tidal(catalogues, tmp_path, page, title, artists):
    catalogues.tidal_pages["1"] = page
    found = song(tmp_path, "tidal", "1")
    assert (found["title"], found["artists"]) == (title, artists)


def test_a_page_of_tidal_that_says_nothing(catalogues, tmp_path):
    catalogues.tidal_pages["1"] = "<title>TIDAL - High Fidelity Music Streaming</title>"
    assert failure(lambda: song(tmp_path, "tidal", "1")).code == "catalogue_unavailable"


@pytest.mark.parametrize(
    ("kind", "most", "asked"), [("album", 120, 2), ("playlist", 120, 2), ("playlist", 50, 1)]
)
def test_a_list_of_deezer(catalogues, internet, kind, most, asked):
    for number in range(120):
        catalogues.deezer_tracks[str(number)] = Known(f"Song {number}", ("Band",), 100 + number)
    catalogues.deezer_lists[kind, "5"] = KnownList("Many", "Me", [str(number) for number in range(120)])
    found = read_list("deezer", kind, "5", most)
    assert (found["found"], found["title"], found["owner"], found["total"]) == ("list", "Many", "Me", 120)
    assert [entry["link"] for entry in found["songs"]] == [
        f"https://www.deezer.com/track/{number}" for number in range(most)
    ]
    assert found["songs"][most - 1] == {
        "link": f"https://www.deezer.com/track/{most - 1}",
        "title": f"Song {most - 1}",
        "artist": "Band",
        "durationSeconds": 99 + most,
        "unavailable": None,
    }
    assert len(internet.asked) == asked


def test_an_album_of_apple_music(catalogues, internet):
    catalogues.apple_albums["99"] = KnownList("Album", "Band", ["1440"] * 12)
    found = read_list("apple", "album", "99", 10)
    assert (found["title"], found["owner"], found["total"], len(found["songs"])) == ("Album", "Band", 12, 10)
    assert found["songs"][0]["link"] == "https://music.apple.com/us/song/1440"
    assert len(internet.asked) == 1


@pytest.mark.parametrize(
    ("service", "kind"), [("apple", "album"), ("deezer", "album"), ("deezer", "playlist")]
)
def test_lists_that_are_not_there(catalogues, service, kind):
    error = failure(lambda: read_list(service, kind, "404"))
    assert (error.code, error.retryable) == ("list_not_found", False)


def test_a_list_that_takes_too_long(catalogues, monkeypatch):
    for number in range(120):
        catalogues.deezer_tracks[str(number)] = KNOWN
    catalogues.deezer_lists["playlist", "5"] = KnownList("Many", "Me", [str(number) for number in range(120)])
    monkeypatch.setattr(resolve, "DEADLINE_SECONDS", 0.0)
    error = failure(lambda: read_list("deezer", "playlist", "5"))
    assert (error.code, error.retryable) == ("too_slow", True)


def test_an_empty_list(catalogues):
    catalogues.deezer_lists["playlist", "5"] = KnownList("Nothing", "Me", [])
    error = failure(lambda: read_list("deezer", "playlist", "5"))
    assert (error.code, error.retryable) == ("list_empty", False)
