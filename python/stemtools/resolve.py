"""Find out what is to be fetched for a link or for words.

The answer is a recording, recordings to choose from, the songs of a list, or where a short link leads.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import Any

from stemtools.errors import ToolError
from stemtools.fetching.confined import run_confined
from stemtools.fields import read_integer, read_number, read_text
from stemtools.finding import resolve_catalogue
from stemtools.finding.resolve_short import follow
from stemtools.media_text import clean
from stemtools.protocol import Job, run_once, serve

DEADLINE_SECONDS = 60.0
MAX_BYTES = 50_000_000
MAX_CHARACTERS = 300
NOT_WORDS = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories: control, surrogate, line and paragraph separator
SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
NUMBER = re.compile(r"\d{1,18}")
# Which lists are read, and by what: an id of that form, or an address.
LISTS = {
    ("spotify", "album"): SPOTIFY_ID,
    ("spotify", "playlist"): SPOTIFY_ID,
    ("apple", "album"): NUMBER,
    ("deezer", "album"): NUMBER,
    ("deezer", "playlist"): NUMBER,
    ("youtube", "playlist"): re.compile(r"https://www\.youtube\.com/playlist\?list=[\w-]{2,80}"),
    ("soundcloud", "playlist"): re.compile(r"https://soundcloud\.com/[\w.~%-]{1,200}/sets/[\w.~%-]{1,200}"),
    ("bandcamp", "album"): re.compile(r"https://[a-z0-9-]{1,63}\.bandcamp\.com/album/[\w.~%-]{1,200}"),
}
BY_ID = ("spotify", "apple", "deezer")
# What a link on the command line names: the fields of its source.
BY_HAND = (
    (r"https://open\.spotify\.com/(?:intl-[a-z-]+/)?track/(?P<trackId>\w{22})", {"kind": "spotify"}),
    (
        r"https://open\.spotify\.com/(?:intl-[a-z-]+/)?(?P<type>album|playlist)/(?P<id>\w{22})",
        {"kind": "list", "service": "spotify"},
    ),
    (r"https://www\.deezer\.com/(?:\w\w/)?track/(?P<id>\d+)", {"kind": "catalogue", "service": "deezer"}),
    (
        r"https://www\.deezer\.com/(?:\w\w/)?(?P<type>album|playlist)/(?P<id>\d+)",
        {"kind": "list", "service": "deezer"},
    ),
    (
        r"https://music\.apple\.com/(?P<country>\w\w)/(?:song/(?:[^/]+/)?|album/[^/]+/\d+\?i=)(?P<id>\d+)",
        {"kind": "catalogue", "service": "apple"},
    ),
    (
        r"https://music\.apple\.com/(?P<country>\w\w)/album/(?:[^/]+/)?(?P<id>\d+)",
        {"kind": "list", "service": "apple", "type": "album"},
    ),
    (
        r"https://(?:listen\.)?tidal\.com/(?:browse/)?track/(?P<id>\d+)",
        {"kind": "catalogue", "service": "tidal"},
    ),
    (
        r"(?P<url>https://www\.youtube\.com/playlist\?list=[\w-]+)",
        {"kind": "list", "service": "youtube", "type": "playlist"},
    ),
    (
        r"(?P<url>https://soundcloud\.com/[^/]+/sets/[^/?]+)",
        {"kind": "list", "service": "soundcloud", "type": "playlist"},
    ),
    (
        r"(?P<url>https://[\w-]+\.bandcamp\.com/album/[^/?]+)",
        {"kind": "list", "service": "bandcamp", "type": "album"},
    ),
    (r"(?P<url>https://.+)", {"kind": "short"}),
)

Json = dict[str, Any]


class Work:
    """One request at work in a folder of its own, and how long it may still take."""

    def __init__(self, job: Job, home: Path):
        self.job, self.home = job, home
        self._deadline = time.monotonic() + DEADLINE_SECONDS

    def check(self) -> None:
        """Raise when it was cancelled, or takes too long."""
        self.job.check()
        if time.monotonic() > self._deadline:
            raise ToolError("too_slow", "This took too long; try again later.")

    def confine(self, module: str, request: Json) -> Json:
        """The fields of what a confined child answers."""
        seconds = self._deadline - time.monotonic()
        answer = run_confined(module, request, self.home, self.job, seconds, MAX_BYTES)
        return {name: value for name, value in answer.items() if name not in ("type", "id")}


def handle(job: Job) -> Json:
    """Do one request, in a folder that is gone afterwards."""
    source = job.request.get("source")
    if not isinstance(source, dict):
        raise ToolError("bad_request", "The request's source must be an object.")
    max_seconds = read_number(job.request, "maxSeconds", low=1, high=86400)
    max_songs = read_integer(job.request, "maxSongs", low=1, high=1000)
    kind = read_text(source, "kind", choices=("spotify", "catalogue", "list", "short", "search"))
    with tempfile.TemporaryDirectory(prefix="resolve-") as folder:
        work = Work(job, Path(folder))
        if kind == "short":
            job.progress(0, "metadata")
            with job.span("follow link"):
                return {"found": "link", "link": follow(read_text(source, "url"), work.home, work.check)}
        if kind == "list":
            return read_list(source, max_songs, work)
        return work.confine(
            "stemtools.finding.resolve_song", {"maxSeconds": max_seconds, **name_song(kind, source, work)}
        )


def name_song(kind: str, source: Json, work: Work) -> Json:
    """What resolve_song.py is to find, checked."""
    if kind == "search":
        work.job.progress(0, "matching")
        return {"text": _words(read_text(source, "text"))}
    work.job.progress(0, "metadata")
    if kind == "spotify":
        return {"trackId": _matching(read_text(source, "trackId"), SPOTIFY_ID)}
    service = read_text(source, "service", choices=("apple", "deezer", "tidal"))
    song_id = _matching(read_text(source, "id"), NUMBER)
    with work.job.span("metadata"):
        song = resolve_catalogue.find_song(service, song_id, _country(source), work.home, work.check)
    return {"song": song}


def read_list(source: Json, max_songs: int, work: Work) -> Json:
    """The title of a list and its songs."""
    work.job.progress(0, "reading the list")
    service, kind = read_text(source, "service"), read_text(source, "type")
    if (service, kind) not in LISTS:
        raise ToolError("bad_request", "Lists of this kind are not read; give the link of one song.")
    name = "id" if service in BY_ID else "url"
    wanted = {name: _matching(read_text(source, name), LISTS[service, kind])}
    with work.job.span("read list"):
        if service in ("apple", "deezer"):
            found = resolve_catalogue.read_list(
                service, kind, wanted["id"], _country(source), max_songs, work.home, work.check
            )
        else:
            wanted |= {"service": service, "type": kind, "maxSongs": max_songs}
            found = work.confine("stemtools.finding.resolve_list", wanted)
    if not found["songs"]:
        raise ToolError("list_empty", "There is no song in this list; give another one.")
    return {
        "found": "list",
        "title": clean(found["title"]) or "Untitled list",
        "owner": clean(found["owner"]),
        "total": found["total"],
        "songs": found["songs"],
    }


def source_of(text: str) -> Json:
    """What a person means by a text on the command line."""
    for pattern, fields in BY_HAND:
        if match := re.match(pattern, text):
            return {**fields, **match.groupdict()}
    return {"kind": "search", "text": text}


def _words(text: str) -> str:
    words = text.strip()
    if not 1 <= len(words) <= MAX_CHARACTERS or any(unicodedata.category(c) in NOT_WORDS for c in words):
        raise ToolError(
            "bad_request",
            f"The words must be one line of 1 to {MAX_CHARACTERS} characters: give the artist and the title.",
        )
    return words


def _matching(text: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(text):
        raise ToolError("bad_request", "The link names nothing that can be looked for; copy it again.")
    return text


def _country(source: Json) -> str | None:
    country = read_text(source, "country", None)
    return None if country is None else _matching(country, re.compile("[a-z]{2}"))


def main() -> None:
    """Command line: `--serve`, or a link or words."""
    parser = argparse.ArgumentParser(prog="stemtools.resolve", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="answer requests from stdin")
    parser.add_argument("song", nargs="*", help="a link of a song or a list, or words to search by")
    parser.add_argument("--max-seconds", type=float, default=900)
    parser.add_argument("--max-songs", type=int, default=50)
    options = parser.parse_args()
    if options.serve == bool(options.song):
        parser.error("give either --serve or a link or words")
    if options.serve:
        serve("resolve", handle)
    request = {
        "source": source_of(" ".join(options.song)),
        "maxSeconds": options.max_seconds,
        "maxSongs": options.max_songs,
    }
    run_once(request, handle)


if __name__ == "__main__":
    sys.exit(main())
